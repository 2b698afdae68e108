import { chmodSync, existsSync, mkdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import PQueue from 'p-queue'
import * as v from 'valibot'
import { LabwrightError } from '../../protocol/errors/error.ts'
import { provisionerError } from '../../protocol/errors/provisioner.ts'
import { serverError } from '../../protocol/errors/server.ts'
import type { ProbeRefusal, ProbeRequest, ProbeResult } from '../../protocol/probe.ts'
import {
  clusterId,
  type ClusterSummary,
  type CreateOrder,
  type Intent,
  type OrphanReport,
  type ProvisionedCluster,
  type SweepStep,
  type Toolbox,
  type ToolboxOrder,
} from '../../protocol/provisioner.ts'
import { diskUse } from './disk.ts'
import { controlPlaneOf, type Engine, type Limits } from './engine.ts'
import { awaitInjection, backToStart, keepStart, prepareCluster, type Described } from './in-node.ts'
import { Intents, writeDurably, type IntentRow } from './intents.ts'
import type { IstioInstaller } from './istioctl.ts'
import { clearProbes, sendProbe } from './probe/index.ts'
import { planSweep } from './sweep.ts'

const PROTECT_MILLISECONDS = 30_000

/** Enough for a lab with Istio in it; a cluster that does nothing takes a fifth of it. */
export const DEFAULT_LIMITS: Limits = { cpus: 2, memoryMebibytes: 4096, processes: 4096 }

export interface ProvisionerOptions {
  engine: Engine
  /** The operator's; absent: no cluster begins with Istio. */
  istio?: IstioInstaller
  /** Where intents and credentials lie. */
  folder: string
  /** Clusters that are made at the same time: each takes a processor and more while it starts. */
  atOnce: number
  /** Of a cluster with its toolbox; one that takes more stands still. */
  diskMebibytes: number
  log(this: void, error: unknown, about: string): void
  /** Milliseconds since 1970. */
  now?: () => number
}

/**
 * Makes and ends clusters. What is meant to be is on disk before it is done; whatever dies in between, the sweeper of the next
 * provisioner brings engine and intents together. Work on one cluster goes one after another.
 */
export class Provisioner {
  readonly #options: ProvisionerOptions
  readonly #intents: Intents
  readonly #creations: PQueue
  /** The last piece of work on each cluster. */
  readonly #work = new Map<string, Promise<unknown>>()
  readonly #creating = new Map<string, AbortController>()
  #sweeping: Promise<void> | undefined
  #looking: Promise<void> | undefined

  constructor(options: ProvisionerOptions) {
    this.#options = options
    this.#intents = new Intents(options.folder)
    this.#creations = new PQueue({ concurrency: options.atOnce })
  }

  /** Clusters that are meant to be, and whatever is being worked at. */
  get held(): number {
    return new Set([...this.#intents.all().map(({ id }) => id), ...this.#work.keys()]).size
  }

  get isBusy(): boolean {
    return this.#work.size > 0
  }

  list(): ClusterSummary[] {
    return this.#intents
      .all()
      .filter(({ intent }) => intent !== 'deleting')
      .map(({ id, intent }) => ({ id, intent }))
  }

  /** @throws CLUSTER_UNKNOWN; CLUSTER_NOT_READY while it is being made */
  find(id: string): ProvisionedCluster {
    const row = this.#intents.get(id)
    if (row === undefined || row.intent === 'deleting') throw serverError('CLUSTER_UNKNOWN', { cluster: id })
    return this.#describe(row)
  }

  create(order: CreateOrder, signal: AbortSignal): Promise<ProvisionedCluster> {
    const { id } = order
    return this.#exclusively(id, async () => {
      signal.throwIfAborted()
      const row = this.#intents.get(id)
      if (row !== undefined && row.intent !== 'creating' && row.intent !== 'deleting') return this.#describe(row)
      if (row !== undefined) await this.#remove(id)
      const stop = new AbortController()
      this.#creating.set(id, stop)
      try {
        await this.#inTurn(order, AbortSignal.any([signal, stop.signal]))
      } finally {
        this.#creating.delete(id)
      }
      return this.find(id)
    })
  }

  /** Ends the cluster, also one that is still being made. */
  delete(id: string): Promise<void> {
    this.#creating.get(id)?.abort(new Error('it was deleted while it was made'))
    return this.#exclusively(id, async () => {
      if (this.#intents.get(id) !== undefined) await this.#remove(id)
    })
  }

  pause(id: string): Promise<ProvisionedCluster> {
    return this.#exclusively(id, () => this.#set(id, 'paused'))
  }

  resume(id: string): Promise<ProvisionedCluster> {
    return this.#exclusively(id, () => this.#set(id, 'ready'))
  }

  /** What is in the cluster now is what a reset leads back to. */
  keep(id: string): Promise<ProvisionedCluster> {
    return this.#exclusively(id, async () => {
      if (this.find(id).intent === 'paused')
        throw provisionerError('CLUSTER_NOT_READY', { cluster: id, intent: 'paused' })
      await keepStart(this.#options.engine, controlPlaneOf(this.#intents.name(id)))
      return this.find(id)
    })
  }

  reset(id: string): Promise<ProvisionedCluster> {
    return this.#exclusively(id, async () => {
      this.find(id)
      this.#intents.write(id, 'resetting')
      await this.#reset(id)
      return this.find(id)
    })
  }

  /** A container for the shells of the cluster's learner. @throws CLUSTER_UNKNOWN */
  createToolbox(id: string, { session, renew }: ToolboxOrder, signal: AbortSignal): Promise<Toolbox> {
    return this.#exclusively(id, async () => {
      const { intent } = this.find(id)
      if (intent !== 'ready') throw provisionerError('CLUSTER_NOT_READY', { cluster: id, intent: WORDS[intent] })
      const cluster = this.#intents.name(id)
      const folder = path.join(this.#intents.folder(id), 'toolbox')
      mkdirSync(folder, { recursive: true })
      // Its user is another one than ours; the folder around it keeps everybody else of this machine out.
      chmodSync(folder, 0o755)
      await this.#options.engine.createToolbox({ cluster, folder, session, renew, signal })
      return { folder, nodes: [controlPlaneOf(cluster)] }
    })
  }

  removeToolbox(id: string): Promise<void> {
    return this.#exclusively(id, async () => {
      const isThere = this.#intents.get(id) !== undefined
      if (isThere) await this.#options.engine.removeToolbox(this.#intents.name(id))
    })
  }

  async probe(id: string, request: ProbeRequest, signal: AbortSignal): Promise<ProbeResult | ProbeRefusal> {
    const cluster = this.find(id)
    const { name } = this.#intents.name(id)
    const nodes = (await this.#options.engine.owned(this.#intents.installation))
      .filter((object) => object.kind === 'node' && object.cluster === name)
      .map((node) => node.name)
    return sendProbe(request, { engine: this.#options.engine, cluster, nodes, signal })
  }

  /** Lets clusters stand still that take more of the disk than one may: the others need it too. */
  checkDisks(): Promise<void> {
    const atWork = ({ id, intent }: ClusterSummary) => intent === 'ready' && !this.#work.has(id)
    // Side by side: one that takes its time delays no look at the others.
    this.#looking ??= Promise.all(
      this.list()
        .filter(atWork)
        .map(({ id }) => this.#checkDisk(id)),
    )
      .then(() => undefined)
      .finally(() => (this.#looking = undefined))
    return this.#looking
  }

  async #checkDisk(id: string): Promise<void> {
    const { engine, diskMebibytes, log } = this.#options
    const used = await diskUse(engine, this.#intents.name(id))
    if (used === undefined || used <= diskMebibytes) return
    const reason = `filled its disk (${gibibytes(used)} GiB of ${gibibytes(diskMebibytes)})`
    await this.#exclusively(id, async () => {
      if (this.#intents.get(id)?.intent !== 'ready') return
      this.#intents.write(id, 'paused', reason)
      await engine.set(this.#intents.name(id), 'paused')
    }).catch((error: unknown) => log(error, `stopping ${id}, which ${reason}`))
  }

  async orphans(): Promise<OrphanReport> {
    return { installation: this.#intents.installation, steps: await this.#plan() }
  }

  /** Brings what there is together with what is meant to be. One sweep at a time; what fails is tried again by the next. */
  sweep(): Promise<void> {
    this.#sweeping ??= this.#sweep().finally(() => (this.#sweeping = undefined))
    return this.#sweeping
  }

  /** Takes away what probes left in clusters, whose provisioner died before it could. */
  async clearProbes(): Promise<void> {
    for (const { id, intent } of this.list()) {
      if (intent !== 'ready' || this.#work.has(id)) continue
      await clearProbes(this.find(id), this.#options.now?.() ?? Date.now()).catch((error: unknown) =>
        this.#options.log(error, `clearing probes of ${id}`),
      )
    }
  }

  async #plan(): Promise<SweepStep[]> {
    // What is busy, and what is meant to be, is read after the listing: whatever was begun or ended meanwhile is seen as it is now.
    const busyBefore = [...this.#work.keys()]
    const owned = await this.#options.engine.owned(this.#intents.installation)
    return planSweep({
      intents: this.#intents.all(),
      owned,
      name: (id) => this.#intents.name(id),
      busy: new Set([...busyBefore, ...this.#work.keys()]),
      now: this.#options.now?.() ?? Date.now(),
    })
  }

  async #sweep(): Promise<void> {
    // Before anything is started: networks outlive a restart of the machine, and what protects it from them does not.
    if (this.held > 0) await this.#options.engine.protect(AbortSignal.timeout(PROTECT_MILLISECONDS))
    for (const step of await this.#plan()) {
      try {
        await this.#take(step)
      } catch (error) {
        this.#options.log(error, `sweeping: ${step.action} ${step.cluster}`)
      }
    }
  }

  async #take({ action, cluster }: SweepStep): Promise<void> {
    const id = cluster.slice(this.#intents.name('').name.length)
    await this.#exclusively(id, async () => {
      const row = v.is(clusterId, id) ? this.#intents.get(id) : undefined
      if (row === undefined) return this.#options.engine.remove(this.#intents.name(id))
      if (action === 'finish-reset' && row.intent === 'resetting') return this.#reset(id)
      if (action === 'start' && (row.intent === 'ready' || row.intent === 'paused'))
        return this.#options.engine.set(this.#intents.name(id), row.intent === 'paused' ? 'paused' : 'running')
      if (action === 'forget' || row.intent === 'creating' || row.intent === 'deleting') await this.#remove(id)
    })
  }

  /** Given up while it waits for its turn, it is over at once; later, when all that was made is taken away again. */
  #inTurn(order: CreateOrder, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      let hasBegun = false
      signal.addEventListener('abort', () => hasBegun || reject(signal.reason as Error), { once: true })
      const work = () => {
        hasBegun = true
        return this.#create(order, signal)
      }
      this.#creations.add(work).then(resolve, reject)
    })
  }

  async #create(order: CreateOrder, signal: AbortSignal): Promise<void> {
    const { engine, istio } = this.#options
    const { id, limits } = order
    const cluster = this.#intents.name(id)
    signal.throwIfAborted()
    await engine.check(signal)
    const images = await this.#imagesFor(order, signal)
    signal.throwIfAborted()
    this.#intents.write(id, 'creating')
    try {
      await engine.createNetwork(cluster, signal)
      const folder = this.#intents.folder(id)
      const kubeconfig = await engine.createNodes({ cluster, folder, limits: limitsOf(limits), signal })
      // Both run to their end, also when one fails: nothing works for a cluster that is being taken away.
      const [described] = await settled([
        prepareCluster(engine, controlPlaneOf(cluster), kubeconfig),
        images.length === 0 ? undefined : engine.loadImages({ cluster, images, signal }),
      ])
      if (order.istio !== undefined) {
        await istio!.install({ profile: order.istio, folder, kubeconfig, signal })
        await awaitInjection(engine, controlPlaneOf(cluster))
      }
      await keepStart(engine, controlPlaneOf(cluster))
      signal.throwIfAborted()
      writeDurably(this.#descriptionFile(id), JSON.stringify(described))
      this.#intents.write(id, 'ready')
    } catch (error) {
      await this.#remove(id).catch((failure: unknown) => this.#options.log(failure, `taking away the unfinished ${id}`))
      if (error instanceof LabwrightError) throw error
      throw provisionerError('CLUSTER_NOT_MADE', { reason: reasonOf(error) }, error)
    }
  }

  /**
   * What was asked for, and those of the operator's Istio: a learner who installs it finds them in the node. Where they are not needed,
   * they are taken as far as they are there.
   */
  async #imagesFor({ images = [], istio: shape }: CreateOrder, signal: AbortSignal): Promise<string[]> {
    const { engine, istio } = this.#options
    if (shape !== undefined && istio === undefined)
      throw provisionerError('ISTIOCTL_MISSING', { reason: 'LABWRIGHT_ISTIOCTL names none' })
    const needed = new Set(images)
    const offered = (await istio?.images(signal)) ?? []
    const missing = new Set(await engine.missing([...new Set([...needed, ...offered])], signal))
    const wanting = [...needed, ...(shape === undefined ? [] : offered)].filter((image) => missing.has(image))
    if (wanting.length > 0) throw provisionerError('IMAGE_MISSING', { images: wanting.join(', ') })
    return [...new Set([...needed, ...offered])].filter((image) => !missing.has(image))
  }

  async #remove(id: string): Promise<void> {
    this.#intents.write(id, 'deleting')
    await this.#options.engine.remove(this.#intents.name(id))
    this.#intents.forget(id)
  }

  async #set(id: string, intent: 'ready' | 'paused'): Promise<ProvisionedCluster> {
    this.find(id)
    this.#intents.write(id, intent)
    await this.#options.engine.set(this.#intents.name(id), intent === 'paused' ? 'paused' : 'running')
    return this.find(id)
  }

  /** The intent is `resetting` already, so that whoever takes over does it again. */
  async #reset(id: string): Promise<void> {
    const { engine } = this.#options
    const cluster = this.#intents.name(id)
    try {
      await engine.set(cluster, 'running')
      await backToStart(engine, controlPlaneOf(cluster))
    } catch (error) {
      if (error instanceof LabwrightError) throw error
      throw provisionerError('CLUSTER_NOT_RESET', { reason: reasonOf(error) }, error)
    }
    this.#intents.write(id, 'ready')
  }

  #describe({ id, intent, reason }: IntentRow): ProvisionedCluster {
    const file = this.#descriptionFile(id)
    if (!existsSync(file)) throw provisionerError('CLUSTER_NOT_READY', { cluster: id, intent: WORDS[intent] })
    const serverInNetwork = `https://${controlPlaneOf(this.#intents.name(id))}:6443`
    const why = reason === undefined ? {} : { reason }
    return { id, intent, ...why, serverInNetwork, ...(JSON.parse(readFileSync(file, 'utf8')) as Described) }
  }

  #descriptionFile(id: string): string {
    return path.join(this.#intents.folder(id), 'cluster.json')
  }

  /** Does one thing after another for a cluster. */
  #exclusively<T>(id: string, work: () => Promise<T>): Promise<T> {
    const before = this.#work.get(id) ?? Promise.resolve()
    const result = before.then(work)
    const settled: Promise<unknown> = result
      .catch(() => undefined)
      .then(() => {
        if (this.#work.get(id) === settled) this.#work.delete(id)
      })
    this.#work.set(id, settled)
    return result
  }
}

/** As `Promise.all`, but never before the last of them is over. */
async function settled<T extends readonly unknown[]>(
  work: [...T],
): Promise<{ -readonly [P in keyof T]: Awaited<T[P]> }> {
  await Promise.allSettled(work)
  return Promise.all(work)
}

const gibibytes = (mebibytes: number) => (mebibytes / 1024).toFixed(1).replace(/\.0$/, '')

const WORDS: Record<Intent, string> = {
  creating: 'being made',
  ready: 'ready',
  paused: 'paused',
  resetting: 'being reset',
  deleting: 'being deleted',
}

function limitsOf({ cpus, memoryMebibytes, processes }: NonNullable<CreateOrder['limits']> = {}): Limits {
  return {
    cpus: cpus ?? DEFAULT_LIMITS.cpus,
    memoryMebibytes: memoryMebibytes ?? DEFAULT_LIMITS.memoryMebibytes,
    processes: processes ?? DEFAULT_LIMITS.processes,
  }
}

const reasonOf = (error: unknown) => (error as Error).message.replace(/[.?!]$/, '')
