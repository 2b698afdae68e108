import { apiVersionOf, type KubeObject } from '../../kubernetes/index.ts'
import type { ServedResource } from '../../schema/index.ts'
import type { Change } from '../../storage/index.ts'
import { storageName } from '../catalog.ts'
import type { Kernel } from '../kernel.ts'
import { parseFieldSelector } from '../selectors/fields.ts'
import { servedJson } from '../versions.ts'
import type { Call } from './call.ts'
import { readListOptions, readRevision, type ListOptions } from './list-options.ts'
import { representContext, selectObjects } from './read.ts'
import { table, type RepresentContext } from './represent.ts'
import { commonHeaders } from './respond.ts'

const BOOKMARK_INTERVAL_MS = 60_000
/** Watches without a timeout end by themselves in half an hour to an hour; clients then watch again. */
const DEFAULT_TIMEOUT_SECONDS = 1800
/** A client that reads slower than this is cut off; it can resume from its last version. */
const MAX_UNREAD_BYTES = 32 * 1024 * 1024

type EventType = 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK'

/** Streams changes as they happen, one JSON event a line, until client, timeout or server ends it. */
export function watchObjects(kernel: Kernel, resource: ServedResource, call: Call): void {
  const context = representContext(kernel, call)
  const options = readListOptions(call.query, resource, true)
  const { name, namespace } = call.info.resource ?? {}
  if (name !== undefined) {
    const only = parseFieldSelector(`metadata.name=${name}`, resource)
    const { matches } = options.selection
    options.selection = { selective: true, matches: (object) => only.matches(object) && matches(object) }
  }
  const revision = readRevision(options.resourceVersion, kernel.store.revision, true)
  call.response.writeHead(200, { ...commonHeaders(call), 'Content-Type': 'application/json' })
  // Clients count on the headers before any event: without them `kubectl wait` hangs.
  call.response.flushHeaders()
  new Watch(kernel, resource, namespace, options, context, call).start(revision)
}

class Watch {
  readonly #kernel: Kernel
  readonly #resource: ServedResource
  readonly #namespace: string | undefined
  readonly #options: ListOptions
  readonly #context: RepresentContext
  readonly #call: Call
  readonly #held: Disposable[] = []
  #columnsSent = false

  constructor(
    kernel: Kernel,
    resource: ServedResource,
    namespace: string | undefined,
    options: ListOptions,
    context: RepresentContext,
    call: Call,
  ) {
    this.#kernel = kernel
    this.#resource = resource
    this.#namespace = namespace
    this.#options = options
    this.#context = context
    this.#call = call
  }

  start(revision: number | undefined): void {
    const { store, clock } = this.#kernel
    const { sendInitialEvents, allowBookmarks, timeoutSeconds = DEFAULT_TIMEOUT_SECONDS } = this.#options
    const initial = sendInitialEvents ?? revision === undefined
    if (initial) {
      for (const object of selectObjects(this.#kernel, this.#resource, this.#namespace, this.#options))
        this.#send('ADDED', object)
      if (sendInitialEvents && allowBookmarks) this.#bookmark(true)
    } else if (revision !== undefined && !this.#replay(revision)) return
    this.#held.push(
      store.subscribe(storageName(this.#resource), (change) => this.#tell(change)),
      this.#kernel.catalog.onChange(() => this.#endWhenWithdrawn()),
      clock.after(timeoutSeconds * 1000, () => this.#end()),
    )
    if (allowBookmarks) this.#repeatBookmark()
    this.#call.response.on('close', () => this.#stop())
  }

  #replay(revision: number): boolean {
    const { store } = this.#kernel
    // From the future: of the cluster that was here before a reset. A real server would wait; clients have to list anew.
    const isFuture = revision > store.revision
    const changes = isFuture ? undefined : store.changesAfter(revision)
    if (changes === undefined) {
      const message = isFuture
        ? `too large resource version: ${revision}, current: ${store.revision}`
        : `too old resource version: ${revision} (${store.oldestRevision + 1})`
      const status = {
        kind: 'Status',
        apiVersion: 'v1',
        metadata: {},
        status: 'Failure',
        message,
        reason: 'Expired',
        code: 410,
      }
      this.#call.response.end(`${JSON.stringify({ type: 'ERROR', object: status })}\n`)
      return false
    }
    const place = storageName(this.#resource)
    for (const change of changes) if (change.resource === place) this.#tell(change)
    return true
  }

  #selects(object: KubeObject | undefined): boolean {
    if (object === undefined) return false
    return (
      (this.#namespace === undefined || object.metadata.namespace === this.#namespace) &&
      this.#options.selection.matches(object)
    )
  }

  /** A selected object that is changed so that it is selected no more is told as DELETED, with its last selected content. */
  #tell({ type, object, previous, revision }: Change): void {
    const before = this.#selects(previous)
    if (type === 'DELETED') {
      if (before) this.#send('DELETED', object)
      return
    }
    const now = this.#selects(object)
    if (now) this.#send(before ? 'MODIFIED' : 'ADDED', object)
    else if (before && previous)
      this.#send('DELETED', { ...previous, metadata: { ...previous.metadata, resourceVersion: String(revision) } })
  }

  #send(type: EventType, object: KubeObject): void {
    const { response } = this.#call
    response.write(`{"type":"${type}","object":${this.#represent(object).trimEnd()}}\n`)
    if (response.writableLength > MAX_UNREAD_BYTES) response.destroy()
  }

  #represent(object: KubeObject): string {
    const { representation, tables } = this.#context
    if (representation.form === 'object') return servedJson(this.#resource, object)
    if (representation.form === 'table') {
      const columns = !this.#columnsSent
      this.#columnsSent = true
      const meta = { resourceVersion: object.metadata.resourceVersion }
      return table(this.#resource, [object], meta, representation.metaVersion, tables, columns)
    }
    const apiVersion = `meta.k8s.io/${representation.metaVersion}`
    return JSON.stringify({ kind: 'PartialObjectMetadata', apiVersion, metadata: object.metadata })
  }

  #bookmark(endOfInitialEvents = false): void {
    const metadata = {
      resourceVersion: String(this.#kernel.store.revision),
      ...(endOfInitialEvents && { annotations: { 'k8s.io/initial-events-end': 'true' } }),
    }
    const { kind } = this.#resource
    this.#send('BOOKMARK', { kind, apiVersion: apiVersionOf(this.#resource), metadata } as unknown as KubeObject)
  }

  #repeatBookmark(): void {
    const timer = this.#kernel.clock.after(BOOKMARK_INTERVAL_MS, () => {
      this.#bookmark()
      this.#held.splice(this.#held.indexOf(timer), 1)
      this.#repeatBookmark()
    })
    this.#held.push(timer)
  }

  #endWhenWithdrawn(): void {
    const { group, version, plural } = this.#resource
    if (this.#kernel.catalog.at(group, version, plural) === undefined) this.#end()
  }

  #end(): void {
    this.#call.response.end()
    this.#stop()
  }

  #stop(): void {
    for (const held of this.#held.splice(0)) held[Symbol.dispose]()
  }
}
