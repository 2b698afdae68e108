import type { Duplex } from 'node:stream'
import type {
  Api,
  CallOutcome,
  Clock,
  ContainerStreams,
  EventRecorder,
  HttpRequest,
  KubeObject,
  Random,
} from '../kubernetes/index.ts'
import type { HttpHandler, Image, PodSockets, ProgramContext } from '../programs/program.ts'

export interface SandboxCallOptions {
  timeoutMilliseconds?: number
  container?: string
  signal?: AbortSignal
  /** Where to connect when that is not what the request's authority says. */
  connectTo?: { host: string; port: number }
}

/** What the node asks of the network for one pod. */
export interface PodSandbox extends PodSockets, Disposable {
  listen(port: number, handler: HttpHandler): Disposable
  listenTcp(port: number, handler: (connection: Duplex) => void): Disposable
  call(request: HttpRequest, options?: SandboxCallOptions): Promise<CallOutcome>
  /** One connection to a port inside the pod. Rejects when nothing listens. */
  connect(port: number): Promise<Duplex>
  setProxyRunning(running: boolean): void
}

/** What the node asks of the network: an address (the pod's `status.podIP` when it has one already) and a network namespace. */
export interface NodeNetwork {
  addPod(pod: KubeObject): PodSandbox
}

/** A container's shell and files. */
export interface Shell extends Disposable {
  exec(command: readonly string[], streams: ContainerStreams): Promise<{ exitCode: number }>
  readFile(path: string): Promise<Uint8Array | undefined>
  writeFile(path: string, content: string | Uint8Array): Promise<void>
}

export interface ShellRequest {
  pod: KubeObject
  container: string
  image: string
  definition: Image
  env: Readonly<Record<string, string>>
  workingDirectory: string | undefined
  sandbox: PodSandbox
  /** One line of the container's log: what /proc/1/fd/1 would take. */
  log: (line: string, stream?: 'stdout' | 'stderr') => void
}

/** What the composition hands to the node. */
export interface NodeOptions {
  api: Api
  clock: Clock
  random: Random
  network: NodeNetwork
  findImage: (image: string) => Image | undefined
  createShell: (request: ShellRequest) => Shell
  /** `labwright-control-plane` unless said. */
  name?: string
  /** Simulated milliseconds to pull an image and to start a container, lowest and highest. */
  pace?: { pull: readonly [number, number]; start: readonly [number, number] }
  report?: (error: unknown, key: string) => void
}

/** The same, as the parts of the node pass it on. */
export interface NodeContext extends NodeOptions {
  name: string
  pace: { pull: readonly [number, number]; start: readonly [number, number] }
  recorder: EventRecorder
  /** Images that this node has already pulled. */
  pulled: Set<string>
}

/** Programs get what the network's part of the contract adds; the node passes it through. */
export type NodeProgramContext = ProgramContext & { shell: Shell }
