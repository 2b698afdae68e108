import type { Duplex } from 'node:stream'
import type { Api, CallOutcome, Clock, HttpRequest, HttpResponse, KubeObject, Random } from '../kubernetes/index.ts'

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
  call: (request: HttpRequest, options?: { timeoutMilliseconds?: number }) => Promise<CallOutcome>
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
export type Program = (context: ProgramContext) => Promise<number>

export interface Image {
  program: Program
  /** What it takes when nothing happens and per request a second: for `kubectl top`. */
  usage: { idleMilliCpu: number; milliCpuPerRequestPerSecond: number; memoryBytes: number }
  /** Commands that the image's shell lacks (`curl` is not in every image); absent: a full toolbox. `false`: no shell at all (distroless). */
  shell?: readonly string[] | false
  /** User id in the container, for `id` and `whoami`. */
  userId: number
}
