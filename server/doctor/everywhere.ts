import { bad, good, warning, type Finding } from './finding.ts'
import type { Machine } from './machine.ts'

const GIB = 2 ** 30
/** Database, homes and simulated clusters of a small class. */
const LEAST_DISK_BYTES = GIB
const OLDEST_NODE = [20, 19] as const

export interface Places {
  dataFolder: string
  port: number
}

/** What every installation needs, whatever makes its clusters. */
export async function examineEverywhere(machine: Machine, places: Places): Promise<Finding[]> {
  return [
    node(machine),
    await sandbox(machine),
    ...(await Promise.all(['kubectl', 'helm', 'curl', 'jq'].map((name) => tool(machine, name)))),
    await disk(machine, places.dataFolder),
    await port(machine, places.port),
  ]
}

function node({ nodeVersion }: Machine): Finding {
  const [major = 0, minor = 0] = nodeVersion.split('.').map(Number)
  const isNewEnough = major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1])
  const seen = `Node is ${nodeVersion}.`
  return isNewEnough ? good('node', seen) : bad('node', seen, `Install Node ${OLDEST_NODE.join('.')} or newer.`)
}

async function sandbox(machine: Machine): Promise<Finding> {
  const todo = 'Install bubblewrap ("apt install bubblewrap"); until then the server listens on this machine only.'
  if (machine.platform !== 'linux') return warning('bubblewrap', 'There is no bubblewrap on this system.', todo)
  const answer = await machine.run('bwrap', ['--ro-bind', '/', '/', '--unshare-all', '--proc', '/proc', 'true'])
  if ('output' in answer) return good('bubblewrap', "Learners' shells run in bubblewrap.")
  if ('missing' in answer) return warning('bubblewrap', 'Bubblewrap is not installed.', todo)
  return warning(
    'bubblewrap',
    `Bubblewrap does not work here: ${answer.failed}.`,
    'Permit user namespaces, then ask again.',
  )
}

const OLD_KUBECTL =
  'Clusters are of Kubernetes 1.34, and kubectl warns when it is more than one minor version away: install 1.33 or newer.'

/** kubectl may be one minor version away from its server (kubernetes.io, "Version Skew Policy"). */
function isOldKubectl(output: string): boolean {
  const minor = /Client Version: v1\.(\d+)/.exec(output)?.[1]
  return minor !== undefined && Number(minor) < 33
}

/** Lessons can be done without them: Labwright brings some, and stands in for others. */
async function tool(machine: Machine, name: string): Promise<Finding> {
  const answer = await machine.run(
    name,
    name === 'kubectl' ? ['version', '--client'] : [name === 'helm' ? 'version' : '--version'],
  )
  if ('output' in answer) {
    const seen = `${name} is installed: ${answer.output.split(/\n| \(/)[0]}.`
    return name === 'kubectl' && isOldKubectl(answer.output) ? warning(name, seen, OLD_KUBECTL) : good(name, seen)
  }
  if ('missing' in answer && machine.brought.includes(name)) return good(name, `${name} comes with Labwright.`)
  const seen = 'missing' in answer ? `${name} is not installed.` : `${name} does not run: ${answer.failed}.`
  return warning(name, seen, `Install ${name}; without it learners have none, or what stands in for it.`)
}

async function disk(machine: Machine, folder: string): Promise<Finding> {
  const free = await machine.freeDisk(folder)
  const seen = `${gibibytes(free)} are free for ${folder}.`
  if (free >= LEAST_DISK_BYTES) return good('disk', seen)
  return bad(
    'disk',
    seen,
    `Make room, or name another folder with --data: ${gibibytes(LEAST_DISK_BYTES)} are the least.`,
  )
}

async function port(machine: Machine, number: number): Promise<Finding> {
  if (await machine.isPortFree(number)) return good('port', `Port ${number} is free.`)
  return warning('port', `Port ${number} is taken, maybe by Labwright itself.`, 'Start with another one (--port N).')
}

export const gibibytes = (bytes: number): string => `${(bytes / GIB).toFixed(1)} GiB`
