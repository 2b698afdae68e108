import path from 'node:path'
import { fileURLToPath } from 'node:url'
import type { OrphanReport } from '../protocol/provisioner.ts'
import { kindOrphans } from '../server/clusters/index.ts'
import { defaultDataFolder } from '../server/main/config.ts'
import { badOption, readOptions } from './command-line.ts'

export const usage = `Usage: labwright sessions --orphans [options]

Says what the sweeper of real clusters would do now, and why; it does nothing. The sweeper itself runs when the provisioner starts, and
every five minutes.

  --orphans   what has no session, was never finished, or stands still
  --json      the same as JSON
  --data DIR  where sessions, files and grades are kept (default ${defaultDataFolder()})

Exit code: 0 nothing to do, 1 there is something, 2 it could not be found out.`

/** `labwright sessions`. */
export async function run(args: string[]): Promise<number> {
  const boolean = { type: 'boolean' } as const
  const options = { orphans: boolean, json: boolean, data: { type: 'string' } } as const
  const { values } = readOptions('sessions', { args, options })
  if (values.orphans !== true) throw badOption('sessions', 'Say what to list: --orphans')
  const dist = path.dirname(fileURLToPath(import.meta.url)).replace(/[\\/]chunks$/, '')
  const report = await kindOrphans({
    command: [process.execPath, path.join(dist, 'provisioner.js')],
    dataFolder: path.resolve(values.data ?? defaultDataFolder()),
  })
  console.log(values.json === true ? JSON.stringify(report, null, 2) : textOf(report))
  return report.steps.length === 0 ? 0 : 1
}

function textOf({ installation, steps }: OrphanReport): string {
  if (steps.length === 0) return `Nothing is left behind by installation ${installation}.`
  return steps
    .map(({ action, cluster, reason, objects }) => `${action} ${cluster}: ${reason}\n${listOf(objects)}`)
    .join('\n')
}

function listOf(objects: readonly string[]): string {
  return objects.length === 0 ? '  nothing of it is in the engine' : objects.map((object) => `  ${object}`).join('\n')
}
