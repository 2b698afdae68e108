import type { Duplex } from 'node:stream'
import type {
  Api,
  CallOutcome,
  Clock,
  ConnectionFailure,
  ContainerStreams,
  HttpRequest,
  HttpResponse,
  KubeObject,
  Random,
} from '../kubernetes/index.ts'

/** What a container image does when the simulated node runs it. */
export interface ProgramContext {
  /** The pod as it was when the container started. */
  pod: KubeObject
  /** Name of the container in the pod. */
  container: string
  image: string
  /** Entrypoint and arguments after Kubernetes' rules for command and args; empty: the image's own. */
  command: readonly string[]
  args: readonly string[]
  env: Readonly<Record<string, string>>
  /** One line of the container's log. */
  log: (line: string, stream?: 'stdout' | 'stderr') => void
  /** Serves HTTP on a port of the pod until disposed. Throws when the port is taken. */
  listen: (port: number, handler: HttpHandler) => Disposable
  /** Serves plain TCP. */
  listenTcp: (port: number, handler: (connection: Duplex) => void) => Disposable
  /** Sends one request from this pod: through its sidecar if it has one. */
  call: (request: HttpRequest, options?: CallOptions) => Promise<CallOutcome>
  /** The container's shell and files, shared with `kubectl exec`: commands of the pod's spec run in it. */
  shell: ContainerShell
  /** Standard streams of a container with `stdin: true`: what `kubectl attach` and `kubectl run -it` speak with. */
  console?: ContainerStreams
  /** For the programs that are part of the control plane (istiod, prometheus): the API with their rights. */
  api: Api
  clock: Clock
  random: Random
  /** Fires when the container is told to end (SIGTERM); the program then has its grace period. */
  signal: AbortSignal
}

export type HttpHandler = (
  request: HttpRequest,
  meta: { sourceIp: string; principal?: string; signal: AbortSignal },
) => HttpResponse | Promise<HttpResponse>

/** Runs until it ends by itself or is told to; resolves to its exit code. */
export interface Program {
  (context: ProgramContext): Promise<number>
  /** Names by which a pod's `command` may start it. */
  binaries?: readonly string[]
}

export interface Image {
  program: Program
  /** What it takes when nothing happens and per request a second: for `kubectl top`. */
  usage: { idleMilliCpu: number; milliCpuPerRequestPerSecond: number; memoryBytes: number }
  /** Commands that the image's shell lacks (`curl` is not in every image); absent: a full toolbox. `false`: no shell at all (distroless). */
  shell?: readonly string[] | false
  /** Commands that only this image has: `pilot-agent`, `fortio`. */
  commands?: readonly string[]
  /** User id in the container, for `id` and `whoami`. */
  userId: number
}

export interface CallOptions {
  /** Of the whole request; absent: until the kernel gives up. */
  timeoutMilliseconds?: number
  signal?: AbortSignal
  /** Where to connect when that is not what the request's authority says (`curl --resolve`, `-H Host:`). */
  connectTo?: { host: string; port: number }
  /** The container that calls: what istio-proxy itself sends does not pass through the sidecar. */
  container?: string
}

/** What a process in a pod may ask of the pod's network besides HTTP. */
export interface PodSockets {
  readonly ip: string
  /** A request from this pod, through its sidecar if it has one. */
  call(request: HttpRequest, options?: CallOptions): Promise<CallOutcome>
  /** As the pod's resolver answers: full name and addresses; undefined when there is no such name. */
  lookup(name: string): { name: string; addresses: readonly string[] } | undefined
  /** Opens and closes a TCP connection. Resolves to undefined when something listens, else to how it failed. */
  dial(
    host: string,
    port: number,
    options?: { timeoutMilliseconds?: number; signal?: AbortSignal },
  ): Promise<ConnectionFailure | undefined>
}

/** A direct exec or a container's start named a command that the image does not have. */
export class ExecutableNotFound extends Error {
  readonly executable: string

  constructor(executable: string) {
    const words = executable.includes('/')
      ? `stat ${executable}: no such file or directory`
      : 'executable file not found in $PATH'
    super(`unable to start container process: exec: "${executable}": ${words}`)
    this.name = 'ExecutableNotFound'
    this.executable = executable
  }
}

/** One container's file system and the commands in it; costs next to nothing until the first command runs. */
export interface ContainerShell extends Disposable {
  /**
   * Runs a command to its end, as `kubectl exec` does. Throws `ExecutableNotFound` when the image has no such command.
   * Aborting `streams.signal` ends it as a signal would (exit code 137).
   */
  exec(command: readonly string[], streams: ContainerStreams): Promise<{ exitCode: number }>
  readFile(path: string): Promise<Uint8Array | undefined>
  writeFile(path: string, content: string | Uint8Array): Promise<void>
}
