import type { Duplex } from 'node:stream'
import {
  ApiError,
  type ContainerStreams,
  type ContainerTarget,
  type Kubelet,
  type KubeObject,
  type LogOptions,
} from '../kubernetes/index.ts'
import type { Container } from './container.ts'
import type { PodRunner } from './pod-runner.ts'

const defaultContainerAnnotation = 'kubectl.kubernetes.io/default-container'

/** The kubelet's own API over the pods of one node. */
export function kubeletApi(find: (namespace: string, name: string) => PodRunner | undefined): Kubelet {
  const runnerOf = ({ namespace, pod }: { namespace: string; pod: string }): PodRunner => {
    const runner = find(namespace, pod)
    if (runner === undefined) throw new ApiError(404, 'NotFound', `pod "${pod}_${namespace}" does not exist`)
    return runner
  }
  const containerOf = (target: ContainerTarget): Container => {
    const runner = runnerOf(target)
    const name = target.container ?? defaultContainer(runner.pod)
    const container = runner.containers.find(({ spec }) => spec.name === name)
    if (container === undefined)
      throw new ApiError(400, 'BadRequest', `container ${name} is not valid for pod ${target.pod}`)
    return container
  }
  return {
    exec: (target, command, streams) => exec(containerOf(target), command, streams),
    attach: (target, streams) => attach(containerOf(target), streams),
    logs: (target, options) => logs(containerOf(target), target.pod, options),
    connect: (target, port): Promise<Duplex> => runnerOf(target).sandbox.connect(port),
  }
}

/** The container that is meant when none is named. */
export function defaultContainer(pod: KubeObject): string {
  const annotated = pod.metadata.annotations?.[defaultContainerAnnotation]
  const names: string[] = pod.spec.containers.map(({ name }: { name: string }) => name)
  return annotated !== undefined && names.includes(annotated) ? annotated : (names[0] ?? '')
}

function runningOf(container: Container) {
  if (container.run === undefined) {
    throw new ApiError(500, 'InternalError', `container not found ("${container.spec.name}")`)
  }
  return container.run
}

async function exec(
  container: Container,
  command: readonly string[],
  streams: ContainerStreams,
): Promise<{ exitCode: number }> {
  const run = runningOf(container)
  if (container.definition?.shell === false) throw notFoundInImage(container, command)
  const signal = AbortSignal.any([streams.signal, run.ended.signal])
  try {
    return await run.shell.exec(command, { ...streams, signal })
  } catch (error) {
    if (error instanceof Error && error.name === 'ExecutableNotFound') throw notFoundInImage(container, command)
    throw error
  }
}

function notFoundInImage({ id }: Container, [executable = '']: readonly string[]): ApiError {
  const why = executable.startsWith('/')
    ? `stat ${executable}: no such file or directory`
    : 'executable file not found in $PATH'
  const start = `failed to exec in container: failed to start exec "${(id ?? '').slice('containerd://'.length)}"`
  const runtime = `OCI runtime exec failed: exec failed: unable to start container process: exec: "${executable}": ${why}`
  return new ApiError(
    500,
    'InternalError',
    `Internal error occurred: error executing command in container: ${start}: ${runtime}`,
  )
}

async function attach(container: Container, streams: ContainerStreams): Promise<{ exitCode: number }> {
  const run = runningOf(container)
  if (run.console === undefined) {
    const signal = AbortSignal.any([streams.signal, run.ended.signal])
    for await (const chunk of container.log.read({ follow: true, tailLines: 0, signal })) await streams.stdout(chunk)
    return { exitCode: 0 }
  }
  const attached = run.console.attach((chunk, stream) =>
    stream === 'stderr' && !streams.tty ? streams.stderr(chunk) : streams.stdout(chunk),
  )
  streams.onResize((size) => run.console?.resize(size))
  const gone = new Promise<{ exitCode: number }>((resolve) => {
    streams.signal.addEventListener('abort', () => resolve({ exitCode: 0 }), { once: true })
  })
  try {
    void feed(streams.stdin, run.console.input, container.spec.stdinOnce === true)
    // Attach says nothing of how the process ended; clients read that from the pod.
    return await Promise.race([run.exited.then(() => ({ exitCode: 0 })), gone])
  } finally {
    attached[Symbol.dispose]()
  }
}

async function feed(stdin: ContainerStreams['stdin'], input: NodeJS.WritableStream, once: boolean): Promise<void> {
  if (stdin === undefined) return
  try {
    for await (const chunk of stdin) input.write(chunk)
  } finally {
    if (once) input.end()
  }
}

async function* logs(container: Container, pod: string, options: LogOptions): AsyncGenerator<Uint8Array> {
  const { name } = container.spec
  const { waiting } = container.state
  if (options.previous) {
    if (container.lastState.terminated === undefined) {
      throw new ApiError(400, 'BadRequest', `previous terminated container "${name}" in pod "${pod}" not found`)
    }
    // While it waits to be restarted, the run that ended last is still the newest log.
    yield* (
      container.run === undefined && waiting !== undefined ? container.log : (container.previousLog ?? container.log)
    ).read(options)
    return
  }
  if (waiting !== undefined && container.lastState.terminated === undefined) {
    const why: Record<string, string> = {
      ErrImagePull: "image can't be pulled",
      ImagePullBackOff: 'trying and failing to pull image',
    }
    const message = `container "${name}" in pod "${pod}" is waiting to start: ${why[waiting.reason] ?? waiting.reason}`
    throw new ApiError(400, 'BadRequest', message)
  }
  yield* container.log.read(options)
}
