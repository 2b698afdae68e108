import type { Duplex } from 'node:stream'

/** What exec and attach are given: both ends of a process in a container. */
export interface ContainerStreams {
  stdin: AsyncIterable<Uint8Array> | undefined
  stdout: (chunk: Uint8Array) => void | Promise<void>
  /** With a tty everything comes on stdout. */
  stderr: (chunk: Uint8Array) => void | Promise<void>
  tty: boolean
  /** Told on every change of the terminal's size, first size at once. */
  onResize: (listener: (size: { columns: number; rows: number }) => void) => void
  signal: AbortSignal
}

export interface ContainerTarget {
  namespace: string
  pod: string
  /** Absent: the pod's default container (annotation `kubectl.kubernetes.io/default-container`, else the first). */
  container?: string
}

/** What the API server asks a node for: the kubelet's own API. Throws `ApiError` with the real kubelet's sentences. */
export interface Kubelet {
  exec(target: ContainerTarget, command: readonly string[], streams: ContainerStreams): Promise<{ exitCode: number }>
  attach(target: ContainerTarget, streams: ContainerStreams): Promise<{ exitCode: number }>
  /** Lines of text as bytes; ends at the end of the log, or with `follow` when the container ends or the signal fires. */
  logs(target: ContainerTarget, options: LogOptions): AsyncIterable<Uint8Array>
  /** One connection to a port of a pod: bytes both ways. Rejects when nothing listens. */
  connect(target: { namespace: string; pod: string }, port: number): Promise<Duplex>
}

export interface LogOptions {
  follow?: boolean
  previous?: boolean
  timestamps?: boolean
  tailLines?: number
  sinceSeconds?: number
  sinceTime?: string
  limitBytes?: number
  signal: AbortSignal
}

/** Usage of a container at this moment: CPU in millicores, memory in bytes (working set). */
export interface ContainerUsage {
  name: string
  milliCpu: number
  memoryBytes: number
}
