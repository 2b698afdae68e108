import type { Lab } from '../../protocol/lab.ts'
import type { ProbeRefusal, ProbeRequest, ProbeResult } from '../../protocol/probe.ts'
import type { ClusterTier } from '../../protocol/session.ts'
import type { ClusterChange } from '../../protocol/simulator-host.ts'
import type { Credentials } from './credentials.ts'

/** Who talks to a cluster: the learner is its administrator; the grader has all rights and is no object in its API. */
export type Identity = 'learner' | 'grader'

/** Where a client stands: on this machine, or in a container of the session's own network. */
export type Standpoint = 'machine' | 'network'

/** `AWAY`: the cluster stopped answering and is being brought back; `READY` follows. A `problem` says what is the matter where that is known. `GONE`: there is no such cluster any more. */
export type ClusterNotice =
  ClusterChange | { type: 'AWAY'; problem?: { code: string; sentence: string } } | { type: 'GONE' }

/** One Kubernetes API and what runs behind it. */
export interface Cluster {
  readonly id: string
  /** With the address that a client at that place reaches it by; `machine` when it is left out. */
  credentials(identity: Identity, from?: Standpoint): Credentials
  /** Sends requests through the cluster, from a caller that the learner does not control. */
  probe(request: ProbeRequest, signal: AbortSignal): Promise<ProbeResult | ProbeRefusal>
  /** Tells of every change from `READY` on, over deaths of the process behind it, until disposed. */
  watch(listener: (notice: ClusterNotice) => void): Disposable
}

export interface CreateOptions {
  /** Id of the cluster whose objects the new one begins with. */
  from?: string
  /** Images that pods find in its nodes, by the names that pods use. The simulated cluster has what it knows. */
  images?: readonly string[]
  /** It begins with Istio of this profile, ready to inject. */
  istio?: 'demo'
  /** Random choices of the cluster follow from it. */
  seed?: number
}

/** What a lab's `cluster` asks of whoever makes it. */
export function optionsFor({ cluster }: Pick<Lab, 'cluster'>): CreateOptions {
  return cluster.istio === 'installed' ? { istio: 'demo' } : {}
}

/** Makes clusters of one kind. Clusters outlive the server; disposing the provider ends none that is in use. */
export interface ClusterProvider extends AsyncDisposable {
  readonly name: ClusterTier
  /** Makes an empty cluster, or one that begins as a copy of another's objects; the one that is there already when the id is known. */
  create(id: string, signal: AbortSignal, options?: CreateOptions): Promise<Cluster>
  find(id: string): Promise<Cluster | undefined>
  /** Makes the cluster empty again; address and credentials stay. */
  reset(id: string): Promise<void>
  /** Ends a cluster; no error when there is none. */
  delete(id: string): Promise<void>
  /** Ids of all clusters. */
  list(): Promise<string[]>
}
