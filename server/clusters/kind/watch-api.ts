import { setMaxListeners } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import * as v from 'valibot'
import type { ClusterChange } from '../../../protocol/simulator-host.ts'
import type { Credentials } from '../credentials.ts'
import { ApiBreach, BoundedLines } from './bounds.ts'
import { ApiConnection, STREAMS_PER_CONNECTION } from './connection.ts'
import { DISCOVERY, watchableOf, type Resource } from './discovery.ts'

/** New resources appear when somebody installs their definitions. */
const DISCOVER_MILLISECONDS = 3000
const AGAIN_MILLISECONDS = 200
/** Watches that end at once are begun again later each time. */
const LAST_AGAIN_MILLISECONDS = 5000
/** The server ends each watch by itself after that; it goes on from where it was. */
const WATCH_SECONDS = 600
/** Names and versions alone: a change's content is the checks' to read. */
const METADATA = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1'

/** A cluster with Istio has 80. */
const MOST_RESOURCES = 500
const MOST_CONNECTIONS = Math.ceil((MOST_RESOURCES + 1) / STREAMS_PER_CONNECTION)
/** More than a lab's cluster has objects. */
const MOST_EARLY = 10_000

/** Most names end at 253 characters, those of roles nowhere. */
const word = v.optional(v.pipe(v.string(), v.maxLength(1024)))
const event = v.object({
  type: v.picklist(['ADDED', 'MODIFIED', 'DELETED', 'BOOKMARK', 'ERROR']),
  object: v.object({
    metadata: v.optional(v.object({ name: word, namespace: word, resourceVersion: word })),
  }),
})

/** Tells READY when the API answers, and of every change from then on. Rejects when the API stops answering, or with the signal. */
export async function watchApi(
  credentials: Credentials,
  signal: AbortSignal,
  tell: (change: ClusterChange) => void,
): Promise<void> {
  const watch = new ApiWatch(credentials, signal, tell)
  try {
    await watch.run()
  } finally {
    watch[Symbol.dispose]()
  }
}

/** @throws ApiBreach when it is none */
function eventOf(line: string): v.InferOutput<typeof event> {
  try {
    return v.parse(event, JSON.parse(line))
  } catch (cause) {
    throw new ApiBreach('the API server told a change that is none', { cause })
  }
}

class ApiWatch implements Disposable {
  readonly #credentials: Credentials
  readonly #stop = new AbortController()
  readonly #signal: AbortSignal
  readonly #tell: (change: ClusterChange) => void
  readonly #connections: ApiConnection[] = []
  readonly #watched = new Set<string>()
  readonly #lines = new BoundedLines()
  /** Changes that were seen before all watches stood. */
  #early: ClusterChange[] | undefined = []
  #fail: (error: unknown) => void = () => undefined
  readonly #failed = new Promise<never>((_, reject) => (this.#fail = reject))

  constructor(credentials: Credentials, signal: AbortSignal, tell: (change: ClusterChange) => void) {
    this.#credentials = credentials
    this.#signal = AbortSignal.any([signal, this.#stop.signal])
    // One for each watch.
    setMaxListeners(0, this.#signal)
    this.#tell = tell
    this.#signal.addEventListener('abort', () => this.#fail(this.#signal.reason), { once: true })
    this.#failed.catch(() => undefined)
  }

  async run(): Promise<never> {
    return Promise.race([this.#failed, this.#run()])
  }

  [Symbol.dispose](): void {
    this.#stop.abort()
    for (const connection of this.#connections) connection[Symbol.dispose]()
  }

  async #run(): Promise<never> {
    this.#signal.throwIfAborted()
    const control = this.#connect()
    const { stream, status } = await control.get('/readyz', '*/*', this.#signal)
    stream.destroy()
    if (status !== 200) throw new Error(`the API server is not ready (status ${status})`)
    // Versions are those of the whole store: the one of any list is good for every resource.
    const list = await control.json('/api/v1/namespaces?limit=1', 'application/json', this.#signal)
    const from = (list as { metadata: { resourceVersion: string } }).metadata.resourceVersion
    await this.#discover(control, from)
    this.#tell({ type: 'READY' })
    for (const change of this.#early ?? []) this.#tell(change)
    this.#early = undefined
    for (;;) {
      await sleep(DISCOVER_MILLISECONDS, undefined, { signal: this.#signal })
      await this.#discover(control, undefined)
    }
  }

  /** Starts a watch of each resource that has none. */
  async #discover(control: ApiConnection, from: string | undefined): Promise<void> {
    const documents = await Promise.all(['/api', '/apis'].map((path) => control.json(path, DISCOVERY, this.#signal)))
    const resources = documents.flatMap(watchableOf)
    if (resources.length > MOST_RESOURCES)
      throw new ApiBreach(`the API server has ${resources.length} resources; ${MOST_RESOURCES} can be followed`)
    const started = resources.flatMap((resource) => {
      if (this.#watched.has(resource.path)) return []
      this.#watched.add(resource.path)
      return [this.#follow(resource, from)]
    })
    await Promise.all(started)
  }

  /** Resolves when the watch stands; it goes on behind that, until there is no such resource any more. */
  #follow(resource: Resource, from: string | undefined): Promise<void> {
    return new Promise((stands) => {
      this.#watch(resource, from, stands)
        .catch((error: unknown) => this.#fail(error))
        .finally(() => {
          this.#watched.delete(resource.path)
          stands()
        })
    })
  }

  async #watch({ path, name }: Resource, from: string | undefined, stands: () => void): Promise<void> {
    let version = from
    let again = AGAIN_MILLISECONDS
    for (;;) {
      const since = performance.now()
      const query = new URLSearchParams({
        watch: 'true',
        allowWatchBookmarks: 'true',
        timeoutSeconds: String(WATCH_SECONDS),
      })
      if (version !== undefined) query.set('resourceVersion', version)
      const { status, stream } = await this.#room().get(`${path}?${query.toString()}`, METADATA, this.#signal)
      if (status === 404 || status === 405) return void stream.destroy()
      stands()
      if (status !== 200) stream.destroy()
      else
        for await (const line of this.#lines.of(stream)) {
          const { type, object } = eventOf(line)
          // Too old: without a version the watch begins with all that there is.
          version = type === 'ERROR' ? undefined : (object.metadata?.resourceVersion ?? version)
          if (type === 'BOOKMARK' || type === 'ERROR') continue
          const { namespace, name: of = '' } = object.metadata ?? {}
          this.#changed({ type, resource: name, ...(namespace === undefined ? {} : { namespace }), name: of })
        }
      const isShort = performance.now() - since < LAST_AGAIN_MILLISECONDS
      again = isShort ? Math.min(2 * again, LAST_AGAIN_MILLISECONDS) : AGAIN_MILLISECONDS
      await sleep(again, undefined, { signal: this.#signal })
    }
  }

  #changed(change: ClusterChange): void {
    if (this.#early === undefined) this.#tell(change)
    else if (this.#early.push(change) > MOST_EARLY)
      throw new ApiBreach(`the API server told more than ${MOST_EARLY} changes before its watches stood`)
  }

  /** A connection with room for one more watch. The first one keeps room for questions. */
  #room(): ApiConnection {
    return this.#connections.find(({ open }) => open < STREAMS_PER_CONNECTION) ?? this.#connect()
  }

  #connect(): ApiConnection {
    if (this.#connections.length === MOST_CONNECTIONS)
      throw new ApiBreach(`the API server keeps more than ${MOST_CONNECTIONS} connections busy`)
    const connection = new ApiConnection(this.#credentials)
    this.#connections.push(connection)
    connection.ended.catch((error: unknown) => this.#fail(error))
    return connection
  }
}
