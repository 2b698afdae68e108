import { statSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import * as v from 'valibot'
import { serverError } from '../../protocol/errors/server.ts'
import { spareRule } from './schedule.ts'

export const DEFAULT_PORT = 7700

const absolute = v.pipe(
  v.string(),
  v.minLength(1),
  v.transform((folder) => path.resolve(folder)),
)

const schema = v.strictObject({
  /** 0 takes any free port. */
  port: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(65_535)), DEFAULT_PORT),
  host: v.optional(v.pipe(v.string(), v.minLength(1)), '127.0.0.1'),
  /** Where sessions, files and grades are kept. */
  data: v.optional(absolute, defaultDataFolder),
  /** Folder with one folder a lab. */
  labs: v.pipe(absolute, v.check(isFolder, 'there is no such folder')),
  /** Folder of the built product: its processes and pages. */
  dist: absolute,
  /** What makes clusters: the simulator, or kind with a container engine. */
  provider: v.optional(v.picklist(['simulated', 'kind'], 'there are simulated and kind'), 'simulated'),
  /** Clusters that wait for the next session. */
  spareClusters: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0)), 1),
  /** How many of which lab wait, where clusters are prepared for a lab; `spareClusters` for the rest. */
  spares: v.optional(
    v.array(
      v.pipe(
        v.string(),
        v.transform(spareRule),
        v.check((rule) => rule !== undefined, 'a spare is LAB=N or LAB=N@HH:MM-HH:MM'),
        v.transform((rule) => rule!),
      ),
    ),
    [],
  ),
  /** Check runners that wait for the next check. */
  spareRunners: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0)), 2),
})

export type Config = Readonly<v.InferOutput<typeof schema>>
export type ConfigInput = v.InferInput<typeof schema>

/** Checks and completes a configuration. @throws BAD_OPTION */
export function parseConfig(input: { [K in keyof ConfigInput]?: ConfigInput[K] | undefined }): Config {
  const given = Object.fromEntries(Object.entries(input).filter(([, value]) => value !== undefined))
  const result = v.safeParse(schema, given)
  if (result.success) return Object.freeze(result.output)
  const [issue] = result.issues
  throw serverError('BAD_OPTION', {
    command: 'serve',
    reason: `--${v.getDotPath(issue)?.replace(/\.\d+$/, '') ?? 'option'}: ${issue.message}`,
  })
}

function isFolder(folder: string): boolean {
  return statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true
}

/** `$XDG_DATA_HOME/labwright` where that is set, else `~/.labwright`. */
export function defaultDataFolder(): string {
  const xdg = process.env['XDG_DATA_HOME']
  return xdg === undefined || xdg === '' ? path.join(os.homedir(), '.labwright') : path.join(xdg, 'labwright')
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host)
}
