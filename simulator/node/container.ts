import { timestamp, type KubeObject } from '../kubernetes/index.ts'
import type { PodNetwork } from '../network/index.ts'
import type { Image } from '../programs/index.ts'
import { BackOff, goDuration } from './back-off.ts'
import { ContainerLog } from './container-log.ts'
import { ContainerRun } from './container-run.ts'
import {
  restarts,
  terminationReason,
  type ContainerRole,
  type ContainerState,
  type ContainerStatus,
} from './container-state.ts'
import type { NodeContext } from './contract.ts'
import { ContainerConfigError, environmentOf } from './environment.ts'
import { canonicalImage, imageId } from './image-name.ts'
import { pullImage } from './image-pull.ts'
import { sleep } from './sleep.ts'

/** What a container needs to know of its pod. */
export interface ContainerHost {
  readonly node: NodeContext
  readonly pod: KubeObject
  readonly sandbox: PodNetwork
  readonly nodeIP: string
  /** Files of the volumes as they are now, by absolute path. */
  filesOf(container: KubeObject['spec']): Record<string, Uint8Array | string>
  /** Some status has changed. */
  changed(): void
}

const fieldOf: Readonly<Record<ContainerRole, string>> = {
  main: 'containers',
  init: 'initContainers',
  sidecar: 'initContainers',
  ephemeral: 'ephemeralContainers',
}
const configRetryMilliseconds = 2000
const backOffEventMilliseconds = 12_000
const fallbackGraceSeconds = 30

/** One container of a pod over all its restarts. */
export class Container {
  readonly role: ContainerRole
  spec: KubeObject['spec']
  readonly host: ContainerHost
  state: ContainerState
  lastState: ContainerState = {}
  restartCount = 0
  ready = false
  started = false
  id: string | undefined
  definition: Image | undefined
  log: ContainerLog
  previousLog: ContainerLog | undefined
  run: ContainerRun | undefined
  /** Resolves once, when the container has first started (its startup probe included) or never will. */
  readonly up: Promise<boolean>
  #resolveUp: (up: boolean) => void = () => {}
  #backOff: BackOff
  #adopted: 'running' | 'ended' | undefined
  #hasRun = false
  readonly #stopped = new AbortController()
  /** Fires when what is being run or waited for is no longer what the spec asks for. */
  #redefined = new AbortController()
  readonly #backOffId: string

  constructor(host: ContainerHost, spec: KubeObject['spec'], role: ContainerRole, waitingReason: string) {
    this.host = host
    this.spec = spec
    this.role = role
    this.state = { waiting: { reason: waitingReason } }
    this.log = new ContainerLog(() => host.node.clock.now())
    this.#backOff = new BackOff(host.node.clock)
    this.up = new Promise((resolve) => (this.#resolveUp = resolve))
    const { name, namespace, uid } = host.pod.metadata
    this.#backOffId = `${name}_${namespace}(${uid})`
  }

  get fieldPath(): string {
    return `spec.${fieldOf[this.role]}{${this.spec.name}}`
  }

  /** Takes up what an earlier process of the host left: counts stay, what ran is started again without a restart. */
  adopt(status: ContainerStatus): void {
    this.restartCount = status.restartCount
    this.lastState = status.lastState ?? {}
    this.state = status.state ?? this.state
    this.id = status.containerID
    this.#backOff = new BackOff(this.host.node.clock, status.restartCount)
    this.started = status.started
    this.ready = status.ready
    const waitsToRestart = this.state.waiting !== undefined && this.lastState.terminated !== undefined
    if (this.state.running !== undefined) this.#adopted = 'running'
    else if (this.state.terminated !== undefined || waitsToRestart) this.#adopted = 'ended'
  }

  /** Runs, restarting as the policy says, until it ends for good. Resolves to the last exit code; undefined when it was stopped before it began. */
  async supervise(): Promise<number | undefined> {
    try {
      for (;;) {
        const adopted = this.#adopted
        this.#adopted = undefined
        const endedBefore = (this.state.terminated ?? this.lastState.terminated)?.exitCode
        const exitCode = adopted === 'ended' ? endedBefore : await this.#once(adopted === 'running')
        if (this.#beginsAnew()) continue
        if (exitCode === undefined || this.#stopped.signal.aborted) return exitCode
        if (!restarts(this.role, this.host.pod.spec.restartPolicy ?? 'Always', exitCode)) return exitCode
        if (!(await this.#waitBackOff())) return exitCode
        this.restartCount++
      }
    } finally {
      this.#resolveUp(false)
      this.host.changed()
    }
  }

  /** Takes a spec with another image: what runs is ended, and the next run begins at once. */
  redefine(spec: KubeObject['spec']): void {
    if (spec.image === this.spec.image) return
    this.spec = spec
    this.#redefined.abort()
    if (this.run === undefined) return
    const { node, pod } = this.host
    this.#event('Normal', 'Killing', `Container ${spec.name} definition changed, will be restarted`)
    this.run.end(graceSecondsOf(pod)).catch((error: unknown) => node.report(error, pod.metadata.name))
  }

  /** A changed definition restarts whatever the policy says, and without back-off (kuberuntime_manager.go `computePodActions`). */
  #beginsAnew(): boolean {
    if (this.#stopped.signal.aborted || !this.#redefined.signal.aborted) return false
    this.#forgetPast()
    if (this.state.terminated !== undefined) {
      this.lastState = this.state
      this.restartCount++
    }
    return true
  }

  #forgetPast(): void {
    this.#redefined = new AbortController()
    this.#backOff = new BackOff(this.host.node.clock)
  }

  get #signal(): AbortSignal {
    return AbortSignal.any([this.#stopped.signal, this.#redefined.signal])
  }

  /** Ends it for good: preStop, SIGTERM, and SIGKILL after the grace period. */
  async stop(graceSeconds: number): Promise<void> {
    this.#stopped.abort()
    const run = this.run
    if (run === undefined) return
    this.#event('Normal', 'Killing', `Stopping container ${this.spec.name}`)
    await run.end(graceSeconds)
  }

  /** As SIGKILL, at once. */
  kill(): void {
    this.#stopped.abort()
    this.run?.kill()
  }

  status(): ContainerStatus {
    const image: string = this.spec.image
    return {
      name: this.spec.name,
      state: this.state,
      lastState: this.lastState,
      ready: this.ready,
      restartCount: this.restartCount,
      image: this.id === undefined ? image : canonicalImage(image),
      imageID: this.id === undefined ? '' : imageId(image),
      ...(this.id === undefined ? {} : { containerID: this.id }),
      started: this.started,
    }
  }

  async #once(adopting: boolean): Promise<number | undefined> {
    const { node, pod } = this.host
    const signal = this.#signal
    this.definition = adopting
      ? node.findImage(this.spec.image)
      : await pullImage({
          node,
          pod,
          container: this.spec,
          fieldPath: this.fieldPath,
          waiting: (...why) => this.#wait(...why),
          signal,
        })
    if (this.definition === undefined) return undefined
    const env = await this.#environment()
    if (env === undefined) return undefined
    if (!adopting) {
      const [low, high] = node.pace.start
      if (high > 0 && !(await sleep(node.clock, low + node.random.below(high - low + 1), signal))) return undefined
    }
    return this.#start(this.definition, env, adopting)
  }

  async #environment(): Promise<Record<string, string> | undefined> {
    const { node, pod, nodeIP, sandbox } = this.host
    for (;;) {
      try {
        return environmentOf(node.api, pod, this.spec, { podIP: sandbox.ip, nodeIP })
      } catch (error) {
        if (!(error instanceof ContainerConfigError)) throw error
        this.#wait('CreateContainerConfigError', error.message)
        this.#event('Warning', 'Failed', `Error: ${error.message}`)
      }
      if (!(await sleep(node.clock, configRetryMilliseconds, this.#signal))) return undefined
    }
  }

  async #start(definition: Image, env: Record<string, string>, adopting: boolean): Promise<number> {
    const { node } = this.host
    const startedAt = adopting ? (this.state.running?.startedAt ?? timestamp(node.clock)) : timestamp(node.clock)
    if (!adopting) {
      this.id = `containerd://${Array.from({ length: 8 }, () =>
        node.random
          .below(2 ** 32)
          .toString(16)
          .padStart(8, '0'),
      ).join('')}`
      if (this.#hasRun) this.previousLog = this.log
      if (this.#hasRun) this.log = new ContainerLog(() => node.clock.now())
      this.#event('Normal', 'Created', `Created container: ${this.spec.name}`)
      this.#event('Normal', 'Started', `Started container ${this.spec.name}`)
    }
    this.#hasRun = true
    const run = new ContainerRun({ container: this, definition, env, adopting })
    this.run = run
    this.state = { running: { startedAt } }
    if (!adopting) this.ready = this.started = false
    if (this.spec.name === 'istio-proxy') this.host.sandbox.setProxyRunning(true)
    run.watchHealth({
      adopted: adopting,
      started: () => {
        this.started = true
        this.#resolveUp(true)
        this.host.changed()
      },
      ready: (ready) => {
        // An init container is ready when it has done its work.
        this.ready = ready && this.role !== 'init'
        this.host.changed()
      },
      event: (...event) => this.#event(...event),
    })
    this.host.changed()
    const { exitCode, killed, startFailure } = await run.exited
    this.run = undefined
    if (this.spec.name === 'istio-proxy') this.host.sandbox.setProxyRunning(false)
    this.log.end()
    this.ready = this.started = false
    if (this.role === 'init') this.ready = exitCode === 0
    if (startFailure !== undefined) this.#event('Warning', 'Failed', `Error: ${startFailure}`)
    this.state = {
      terminated: {
        exitCode,
        reason: startFailure === undefined ? terminationReason(exitCode, killed) : 'StartError',
        ...(startFailure === undefined ? {} : { message: startFailure }),
        startedAt,
        finishedAt: timestamp(node.clock),
        containerID: this.id ?? '',
      },
    }
    this.host.changed()
    return exitCode
  }

  async #waitBackOff(): Promise<boolean> {
    const { clock } = this.host.node
    const failedAt = clock.monotonic()
    for (let told = false; ;) {
      const left = this.#backOff.remaining(failedAt)
      if (left <= 0) break
      if (!told && this.state.terminated !== undefined) this.lastState = this.state
      told = true
      const message = `back-off ${goDuration(this.#backOff.seconds)} restarting failed container=${this.spec.name} pod=${this.#backOffId}`
      this.#wait('CrashLoopBackOff', message)
      this.#event(
        'Warning',
        'BackOff',
        `Back-off restarting failed container ${this.spec.name} in pod ${this.#backOffId}`,
      )
      if (!(await sleep(clock, Math.min(left, backOffEventMilliseconds), this.#signal))) break
    }
    if (this.state.terminated) this.lastState = this.state
    this.#backOff.next()
    if (this.#redefined.signal.aborted) this.#forgetPast()
    return !this.#stopped.signal.aborted
  }

  #wait(reason: string, message: string): void {
    this.state = { waiting: { reason, message } }
    this.host.changed()
  }

  #event(type: 'Normal' | 'Warning', reason: string, message: string): void {
    this.host.node.recorder.record(this.host.pod, type, reason, message, { fieldPath: this.fieldPath })
  }
}

/** Seconds that a container has between SIGTERM and SIGKILL. */
export function graceSecondsOf(pod: KubeObject): number {
  return pod.metadata.deletionGracePeriodSeconds ?? pod.spec.terminationGracePeriodSeconds ?? fallbackGraceSeconds
}
