import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { DEFAULT_PORT, defaultDataFolder } from '../server/main/config.ts'
import { examine, thisMachine, type Finding } from '../server/doctor/index.ts'
import { defaultNodeImage } from '../server/provisioner/index.ts'
import { PORTS, badOption, readOptions, wholeNumber } from './command-line.ts'
import { version } from './version.ts'

const PROVIDERS = ['simulated', 'kind']
const DEFAULT_SESSIONS = 8

export const usage = `Usage: labwright doctor [--provider NAME] [--sessions N] [--port N] [--data DIR] [--json]

Looks whether Labwright can run on this machine, and says of each thing that is amiss what to do. Changes nothing.

  --provider NAME  what will make clusters: simulated, kind (default simulated)
  --sessions N     how many real clusters there are to be at once (default ${DEFAULT_SESSIONS})
  --port N         port that the server will listen on (default ${DEFAULT_PORT})
  --data DIR       where it will keep its data (default ${defaultDataFolder()})
  --json           print an array of {name, state, seen, todo}; state is good, warning or bad

Exit code: 0 nothing is bad, 1 something is, 2 the options are wrong.`

/** `labwright doctor`. */
export async function run(args: string[]): Promise<number> {
  const text = { type: 'string' } as const
  const { values } = readOptions('doctor', {
    args,
    options: { provider: text, sessions: text, port: text, data: text, json: { type: 'boolean' } },
  })
  const provider = values.provider ?? 'simulated'
  if (!PROVIDERS.includes(provider)) throw badOption('doctor', `--provider takes ${PROVIDERS.join(' or ')}`)
  const places = {
    port: wholeNumber('doctor', '--port', values.port ?? String(DEFAULT_PORT), PORTS),
    dataFolder: values.data ?? defaultDataFolder(),
  }
  const sessions = wholeNumber('doctor', '--sessions', values.sessions ?? String(DEFAULT_SESSIONS), {
    lowest: 1,
    highest: 1000,
  })
  const kind = provider === 'kind' ? { sessions, nodeImage: nodeImage(), workspaceImage: workspaceImage() } : undefined
  const findings = await examine(thisMachine(), places, kind)
  console.log(values.json === true ? JSON.stringify(findings, null, 2) : findings.map(lineOf).join('\n'))
  return findings.some(({ state }) => state === 'bad') ? 1 : 0
}

/** As the provisioner names it. */
function nodeImage(): string {
  const dist = path.dirname(fileURLToPath(import.meta.url)).replace(/[\\/]chunks$/, '')
  return process.env['LABWRIGHT_NODE_IMAGE'] ?? defaultNodeImage(path.join(dist, '..', 'kind-config'))
}

const workspaceImage = (): string => process.env['LABWRIGHT_WORKSPACE_IMAGE'] ?? `labwright/workspace:${version}`

const MARKS = { good: 'ok  ', warning: 'warn', bad: 'BAD ' }

function lineOf({ name, state, seen, todo }: Finding): string {
  const line = `${MARKS[state]}  ${name.padEnd(18)}${seen}`
  return todo === undefined ? line : `${line}\n${' '.repeat(24)}${todo}`
}
