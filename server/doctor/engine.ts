import * as v from 'valibot'
import { gibibytes } from './everywhere.ts'
import { bad, good, warning, type Finding } from './finding.ts'
import type { Machine } from './machine.ts'

const MIB = 2 ** 20
/** Of one bare cluster and its toolbox: a node was measured at 475 MiB (docs/operators, sizing). */
const SESSION_MEMORY_BYTES = 640 * MIB
/** Of one cluster: images unpacked again in its own volume, and etcd. */
const SESSION_DISK_BYTES = 1200 * MIB
/** Below these, kind's page on known problems and our own starts saw the fourth cluster fail to boot. */
const LEAST_INOTIFY = { max_user_instances: 1024, max_user_watches: 524_288 } as const
/** The bound of one node's processes. */
const SESSION_PIDS = 4096

const engineInfo = v.object({
  ServerVersion: v.string(),
  CgroupVersion: v.optional(v.string(), 'unknown'),
  CgroupDriver: v.optional(v.string(), 'unknown'),
  Driver: v.optional(v.string(), 'unknown'),
  DockerRootDir: v.optional(v.string(), '/'),
})
type EngineInfo = v.InferOutput<typeof engineInfo>

export interface KindPlans {
  /** How many sessions there are to be at once. */
  sessions: number
  nodeImage: string
  /** Of learners' shells. */
  workspaceImage: string
}

/** What clusters made by kind need on top. */
export async function examineEngine(
  machine: Machine,
  { sessions, nodeImage, workspaceImage }: KindPlans,
): Promise<Finding[]> {
  const engine = await askEngine(machine)
  const findings = [...('info' in engine ? aboutEngine(engine.info) : [engine.finding]), await kind(machine)]
  if ('info' in engine) {
    findings.push(await image(machine, nodeImage), await shellsImage(machine, workspaceImage))
    findings.push(disk(await machine.freeDisk(engine.info.DockerRootDir), engine.info.DockerRootDir, sessions))
  }
  return [...findings, ...inotify(machine), pids(machine, sessions), memory(machine, sessions), overlay(machine)]
}

async function askEngine(machine: Machine): Promise<{ info: EngineInfo } | { finding: Finding }> {
  const answer = await machine.run('docker', ['info', '--format', '{{json .}}'])
  if ('missing' in answer)
    return {
      finding: bad('engine', 'There is no docker command.', 'Install Docker (https://docs.docker.com/engine/install).'),
    }
  const todo = 'Start Docker, set DOCKER_HOST to its socket, and see that this user may use it.'
  const unreachable = (why: string) => ({
    finding: bad('engine', `The container engine does not answer: ${why}.`, todo),
  })
  if ('failed' in answer) return unreachable(answer.failed)
  // An engine that cannot be reached still makes `docker info` print what the client knows.
  const info = v.safeParse(v.pipe(v.string(), v.parseJson(), engineInfo), answer.output)
  return info.success && info.output.ServerVersion !== '' ? { info: info.output } : unreachable('it told no version')
}

function aboutEngine(info: EngineInfo): Finding[] {
  const cgroup = `Control groups are version ${info.CgroupVersion}, driver ${info.CgroupDriver}.`
  return [
    good('engine', `The container engine is ${info.ServerVersion}, storage ${info.Driver}.`),
    info.CgroupVersion === '2'
      ? good('cgroup', cgroup)
      : warning('cgroup', cgroup, 'kind calls version 1 deprecated; boot with systemd.unified_cgroup_hierarchy=1.'),
  ]
}

async function kind(machine: Machine): Promise<Finding> {
  const answer = await machine.run('kind', ['version'])
  if ('output' in answer) return good('kind', answer.output)
  const seen = 'missing' in answer ? 'There is no kind command.' : `kind does not run: ${answer.failed}.`
  return bad('kind', seen, 'Put kind on the PATH (https://kind.sigs.k8s.io/docs/user/quick-start).')
}

async function image(machine: Machine, name: string): Promise<Finding> {
  const answer = await machine.run('docker', ['image', 'inspect', '--format', '{{.Id}}', name])
  if ('output' in answer) return good('node-image', `The node image ${name} is there.`)
  const todo = `Get it ("docker pull ${name}"), or name one that is there in LABWRIGHT_NODE_IMAGE.`
  return bad('node-image', `The node image ${name} is not there.`, todo)
}

async function shellsImage(machine: Machine, name: string): Promise<Finding> {
  const answer = await machine.run('docker', ['image', 'inspect', '--format', '{{.Id}}', name])
  if ('output' in answer) return good('workspace-image', `The image of learners' shells ${name} is there.`)
  const todo = 'Make it ("labwright images build") or load it ("labwright images load").'
  return bad('workspace-image', `The image of learners' shells ${name} is not there.`, todo)
}

function disk(free: number, folder: string, sessions: number): Finding {
  const fits = Math.floor(free / SESSION_DISK_BYTES)
  return fitting('engine-disk', `${gibibytes(free)} are free in ${folder}`, fits, sessions, 'Make room there')
}

function memory({ freeMemory }: Machine, sessions: number): Finding {
  const fits = Math.floor(freeMemory / SESSION_MEMORY_BYTES)
  return fitting('memory', `${gibibytes(freeMemory)} of memory are free`, fits, sessions, 'End other programs')
}

function pids(machine: Machine, sessions: number): Finding {
  const most = Number(machine.read('/proc/sys/kernel/pid_max') ?? 0)
  const fits = Math.floor(most / SESSION_PIDS)
  return fitting(
    'pids',
    `The kernel allows ${most} processes`,
    fits,
    sessions,
    'Run "sysctl -w kernel.pid_max=4194304"',
  )
}

function fitting(name: string, seen: string, fits: number, wanted: number, todo: string): Finding {
  const sentence = `${seen}: enough for ${fits} ${fits === 1 ? 'session' : 'sessions'} at once.`
  if (fits >= wanted) return good(name, sentence)
  const less = `${todo}, or plan fewer than ${wanted} sessions.`
  return fits === 0 ? bad(name, sentence, less) : warning(name, sentence, less)
}

function inotify(machine: Machine): Finding[] {
  return Object.entries(LEAST_INOTIFY).map(([limit, least]) => {
    const name = limit.replace('max_user_', 'inotify-')
    const value = Number(machine.read(`/proc/sys/fs/inotify/${limit}`) ?? 0)
    const seen = `fs.inotify.${limit} is ${value}.`
    if (value >= least) return good(name, seen)
    return warning(
      name,
      seen,
      `Run "sysctl -w fs.inotify.${limit}=${least}"; below that, clusters fail to start side by side.`,
    )
  })
}

function overlay(machine: Machine): Finding {
  const known = machine.read('/proc/filesystems') ?? ''
  if (/^nodev\s+overlay$/m.test(known)) return good('overlay', 'The kernel has overlayfs.')
  return bad('overlay', 'The kernel has no overlayfs.', 'Run "modprobe overlay"; nodes unpack their images with it.')
}
