import { toolboxOf, type ClusterName } from '../engine.ts'
import { CLUSTER_LABEL, INSTALLATION_LABEL, INTENT_LABEL, SESSION_LABEL } from './listing.ts'

/** Of the image: a user that is nobody on this machine. */
const USER = '10100:10100'
const CPUS = 1
/** Keys come before what clusters do: a container has 1024 when nothing is said. */
const CPU_SHARES = 4096
/** Enough for kubectl, helm, istioctl and an editor side by side; swap counts as memory. */
const MEMORY_MEBIBYTES = 1024
const PROCESSES = 512
const OPEN_FILES = 4096
/** In memory, and part of it. */
const TEMPORARY_MEBIBYTES = 256
/** Of the home, where the engine's file system keeps quotas. */
export const HOME_MEBIBYTES = 2048
const LOG_MEBIBYTES = 1

/** Where the container sees the folder of this machine. */
const FOLDER_INSIDE = '/run/labwright'
const HOME = '/home/learner'

export interface ToolboxParts {
  cluster: ClusterName
  image: string
  folder: string
  session?: string | undefined
  /** A container whose home goes over to the new one. */
  former?: string | undefined
  /** False: the engine's file system has no quotas. */
  hasQuota: boolean
}

/**
 * Arguments of `docker` that start a toolbox. It has no rights, can write in its home and in a /tmp of limited size alone, and reaches
 * its cluster's network. The home is a volume without a name: it lasts as long as the container, over every restart.
 */
export function toolboxArguments({ cluster, image, folder, session, former, hasQuota }: ToolboxParts): string[] {
  const labels = {
    [INSTALLATION_LABEL]: cluster.installation,
    [CLUSTER_LABEL]: cluster.name,
    [INTENT_LABEL]: 'ready',
    ...(session === undefined ? {} : { [SESSION_LABEL]: session }),
  }
  const quota = hasQuota ? `,volume-opt=size=${HOME_MEBIBYTES}m` : ''
  // A volume that is taken over so is still one without a name, and goes with its last container.
  const home =
    former === undefined ? ['--mount', `type=volume,destination=${HOME}${quota}`] : ['--volumes-from', former]
  const options: Record<string, string | number> = {
    name: toolboxOf(cluster),
    hostname: 'lab',
    network: cluster.name,
    pull: 'never',
    restart: 'unless-stopped',
    user: USER,
    'cap-drop': 'ALL',
    'security-opt': 'no-new-privileges',
    cpus: CPUS,
    'cpu-shares': CPU_SHARES,
    memory: `${MEMORY_MEBIBYTES}m`,
    'memory-swap': `${MEMORY_MEBIBYTES}m`,
    'pids-limit': PROCESSES,
    tmpfs: `/tmp:rw,nosuid,nodev,exec,mode=1777,size=${TEMPORARY_MEBIBYTES}m`,
    'log-driver': 'json-file',
    'stop-timeout': 2,
  }
  return [
    'run',
    '--detach',
    '--init',
    '--read-only',
    ...Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]),
    ...['--log-opt', `max-size=${LOG_MEBIBYTES}m`, '--log-opt', 'max-file=1'],
    // One file cannot be larger than the home may be; no dumps of memory.
    ...['--ulimit', `fsize=${HOME_MEBIBYTES * 2 ** 20}`, '--ulimit', 'core=0', '--ulimit', `nofile=${OPEN_FILES}`],
    ...Object.entries(labels).flatMap(([name, value]) => ['--label', `${name}=${value}`]),
    ...['--mount', `type=bind,source=${folder},destination=${FOLDER_INSIDE},readonly`],
    ...home,
    image,
  ]
}

/** Name of a toolbox that is being replaced. */
export const formerOf = (cluster: ClusterName): string => `${toolboxOf(cluster)}-former`

/** True when the engine refused because its file system keeps no quotas. */
export const lacksQuota = (error: string): boolean => /quota/i.test(error)
