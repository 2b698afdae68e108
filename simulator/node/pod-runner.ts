import { timestamp, type KubeObject } from '../kubernetes/index.ts'
import { Container, graceSecondsOf, type ContainerHost } from './container.ts'
import type { ContainerStatus } from './container-state.ts'
import type { PodNetwork } from '../network/index.ts'
import type { NodeContext } from './contract.ts'
import { podStatus, type PodParts } from './pod-status.ts'
import { sleep } from './sleep.ts'
import { ClaimUnbound, MountError, mountedFiles, volumeFiles, type Volumes } from './volumes.ts'

const mountRetryMilliseconds = 2000
const bindRetryMilliseconds = 100
const removeRetryMilliseconds = 1000

export const isTerminal = (pod: KubeObject): boolean =>
  pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed'

/** One pod of the node, from the moment it is bound until its object is gone. */
export class PodRunner implements ContainerHost {
  readonly node: NodeContext
  readonly nodeIP: string
  readonly init: readonly Container[]
  readonly main: readonly Container[]
  #ephemeral: readonly Container[] = []
  pod: KubeObject
  #volumes: Volumes = new Map()
  #sandbox: PodNetwork | undefined
  #initialized = false
  #mounted = false
  #terminating: Promise<void> | undefined
  #ending = false
  #dirty = false
  #writing = false
  readonly #gone = new AbortController()
  readonly #startTime: string

  constructor(node: NodeContext, nodeIP: string, pod: KubeObject) {
    this.node = node
    this.nodeIP = nodeIP
    this.pod = pod
    this.#startTime = pod.status?.startTime ?? timestamp(node.clock)
    const first = (pod.spec.initContainers?.length ?? 0) > 0 ? 'PodInitializing' : 'ContainerCreating'
    this.init = (pod.spec.initContainers ?? []).map(
      (spec: KubeObject['spec']) =>
        new Container(this, spec, spec.restartPolicy === 'Always' ? 'sidecar' : 'init', 'PodInitializing'),
    )
    this.main = pod.spec.containers.map((spec: KubeObject['spec']) => new Container(this, spec, 'main', first))
  }

  get sandbox(): PodNetwork {
    if (this.#sandbox === undefined) throw new Error(`The pod ${this.pod.metadata.name} has no network yet.`)
    return this.#sandbox
  }

  get containers(): readonly Container[] {
    return [...this.init, ...this.main, ...this.#ephemeral]
  }

  filesOf(container: KubeObject['spec']): Record<string, Uint8Array | string> {
    return Object.fromEntries(mountedFiles(container, this.#volumes))
  }

  /** A ConfigMap or Secret has changed: what is mounted of it is written anew. */
  refreshVolumes(kind: 'configmap' | 'secret', name: string): void {
    if (!this.#mounted || !usesInVolume(this.pod, kind, name)) return
    const before = this.#volumes
    try {
      this.#volumes = this.#filledVolumes()
    } catch (error) {
      // Gone: what was mounted stays.
      if (error instanceof MountError) return
      throw error
    }
    for (const { spec, run } of this.containers) {
      const old = mountedFiles(spec, before)
      for (const [path, content] of mountedFiles(spec, this.#volumes)) {
        if (run === undefined || sameContent(old.get(path), content)) continue
        run.shell.writeFile(path, content).catch((error: unknown) => this.node.report(error, path))
      }
    }
  }

  start(): void {
    this.#live().catch((error: unknown) => {
      if (!this.#gone.signal.aborted) this.node.report(error, this.pod.metadata.name)
    })
  }

  /** The object has changed. */
  update(pod: KubeObject): void {
    const shorter = (pod.metadata.deletionGracePeriodSeconds ?? 0) < (this.pod.metadata.deletionGracePeriodSeconds ?? 0)
    this.pod = pod
    if (pod.metadata.deletionTimestamp === undefined) {
      const specs: KubeObject['spec'][] = [...(pod.spec.initContainers ?? []), ...pod.spec.containers]
      for (const container of this.containers) {
        const spec = specs.find(({ name }) => name === container.spec.name)
        if (spec !== undefined) container.redefine(spec)
      }
      return this.#startEphemeral()
    }
    this.#terminating ??= this.#terminate()
    if (shorter && pod.metadata.deletionGracePeriodSeconds === 0)
      for (const container of this.containers) container.kill()
  }

  /** The object is gone, or the node ends: everything stops at once. */
  [Symbol.dispose](): void {
    if (this.#gone.signal.aborted) return
    this.#gone.abort()
    for (const container of this.containers) container.kill()
    this.#sandbox?.[Symbol.dispose]()
  }

  /** Writes the status soon, several changes at once. */
  changed(): void {
    this.#dirty = true
    if (this.#writing) return
    this.#writing = true
    queueMicrotask(() => void this.#write())
  }

  async #live(): Promise<void> {
    const adopted = this.#adopt()
    if (this.pod.metadata.deletionTimestamp !== undefined) this.#terminating ??= this.#terminate()
    if (!(await this.#prepareVolumes())) return
    if (!(await this.#runInit(adopted))) return
    this.#initialized = true
    this.#startEphemeral()
    this.changed()
    await Promise.all(this.main.map((container) => container.supervise()))
    if (this.#terminating !== undefined || this.#gone.signal.aborted) return
    await this.#endSidecars()
    this.#sandbox?.[Symbol.dispose]()
    this.changed()
  }

  /** What `kubectl debug` has added to the pod since. */
  #startEphemeral(): void {
    if (!this.#initialized || isTerminal(this.pod)) return
    const statuses: ContainerStatus[] = this.pod.status?.ephemeralContainerStatuses ?? []
    for (const spec of (this.pod.spec.ephemeralContainers ?? []) as KubeObject['spec'][]) {
      if (this.#ephemeral.some((known) => known.spec.name === spec.name)) continue
      const container = new Container(this, spec, 'ephemeral', 'ContainerCreating')
      const status = statuses.find(({ name }) => name === spec.name)
      if (status !== undefined) container.adopt(status)
      this.#ephemeral = [...this.#ephemeral, container]
      this.changed()
      container.supervise().catch((error: unknown) => this.node.report(error, this.pod.metadata.name))
    }
  }

  #adopt(): boolean {
    const { containerStatuses = [], initContainerStatuses = [], podIP } = this.pod.status ?? {}
    const statuses: ContainerStatus[] = [...initContainerStatuses, ...containerStatuses]
    if (podIP === undefined) return false
    for (const container of this.containers) {
      const status = statuses.find(({ name }) => name === container.spec.name)
      if (status !== undefined) container.adopt(status)
    }
    return true
  }

  async #prepareVolumes(): Promise<boolean> {
    const { clock, network, recorder } = this.node
    for (;;) {
      if (this.#gone.signal.aborted || this.#terminating !== undefined) return false
      let unbound = false
      try {
        // The address comes with the sandbox, but files of the downward API may tell it.
        this.#sandbox ??= network.addPod(this.pod)
        this.#volumes = this.#filledVolumes()
        this.#mounted = true
        this.changed()
        return true
      } catch (error) {
        if (!(error instanceof MountError)) throw error
        this.changed()
        unbound = error instanceof ClaimUnbound
        if (!unbound) recorder.record(this.pod, 'Warning', 'FailedMount', error.message)
      }
      const wait = unbound ? bindRetryMilliseconds : mountRetryMilliseconds
      if (!(await sleep(clock, wait, this.#gone.signal))) return false
    }
  }

  #filledVolumes(): Volumes {
    const { api, issueToken } = this.node
    return volumeFiles({ api, pod: this.pod, podIP: this.sandbox.ip, nodeIP: this.nodeIP, issueToken })
  }

  /** Init containers one after the other; resolves to false when the pod cannot go on. */
  async #runInit(adopted: boolean): Promise<boolean> {
    for (const container of this.init) {
      if (this.#terminating !== undefined || this.#gone.signal.aborted) return false
      if (container.role === 'sidecar') {
        void container.supervise()
        if (!(await container.up)) return false
        continue
      }
      if (adopted && container.state.terminated?.exitCode === 0) continue
      const exitCode = await container.supervise()
      if (exitCode !== 0) return false
    }
    return true
  }

  async #terminate(): Promise<void> {
    const grace = graceSecondsOf(this.pod)
    const { clock, api } = this.node
    const startedAt = clock.monotonic()
    const left = (): number => Math.max(0, grace - (clock.monotonic() - startedAt) / 1000)
    // The update that asked for it is still being told.
    await Promise.resolve()
    await Promise.all(
      this.containers.filter(({ role }) => role !== 'sidecar').map((container) => container.stop(grace)),
    )
    await this.#endSidecars(left)
    this.#ending = true
    const { name, namespace, uid } = this.pod.metadata
    while (!this.#gone.signal.aborted) {
      try {
        await this.#writeStatus()
        await api.delete('pods', namespace, name, { gracePeriodSeconds: 0, uid, manager: 'kubelet' })
        return
      } catch (error) {
        this.node.report(error, name)
      }
      await sleep(clock, removeRetryMilliseconds, this.#gone.signal)
    }
  }

  /** In reverse order, after everything else (KEP-753). */
  async #endSidecars(graceSeconds: () => number = () => graceSecondsOf(this.pod)): Promise<void> {
    for (const container of [...this.init].reverse())
      if (container.role === 'sidecar') await container.stop(graceSeconds())
  }

  async #write(): Promise<void> {
    while (this.#dirty && !this.#gone.signal.aborted && !this.#ending) {
      this.#dirty = false
      await this.#writeStatus().catch((error: unknown) => this.node.report(error, this.pod.metadata.name))
    }
    this.#writing = false
  }

  async #writeStatus(): Promise<void> {
    const { api, clock } = this.node
    const { name, namespace, uid } = this.pod.metadata
    await api.mutate(
      'pods',
      namespace,
      name,
      (pod) => {
        if (pod.metadata.uid !== uid) return false
        const status = podStatus(clock, this.#parts(pod))
        if (JSON.stringify(pod.status) === JSON.stringify(status)) return false
        pod.status = status
      },
      { subresource: 'status', manager: 'kubelet' },
    )
  }

  #parts(pod: KubeObject): PodParts {
    return {
      pod,
      init: this.init,
      main: this.main,
      ephemeral: this.#ephemeral,
      sandboxReady: this.#mounted && !this.#ending,
      podIP: this.#mounted ? this.#sandbox?.ip : undefined,
      nodeIP: this.nodeIP,
      startTime: this.#startTime,
      initialized: this.#initialized || this.init.length === 0,
    }
  }
}

function usesInVolume(pod: KubeObject, kind: 'configmap' | 'secret', name: string): boolean {
  const names = (source: KubeObject['spec']): boolean =>
    kind === 'configmap'
      ? source.configMap?.name === name
      : source.secret?.secretName === name || source.secret?.name === name
  return (pod.spec.volumes ?? []).some(
    (volume: KubeObject['spec']) => names(volume) || (volume.projected?.sources ?? []).some(names),
  )
}

function sameContent(a: Uint8Array | string | undefined, b: Uint8Array | string): boolean {
  return a !== undefined && Buffer.compare(Buffer.from(a), Buffer.from(b)) === 0
}
