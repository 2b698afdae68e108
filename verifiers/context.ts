import type { V1Pod } from '@kubernetes/client-node'
import type { Evidence } from '../protocol/verdict.ts'
import type { ProbeRefusal, ProbeRequest, ProbeResult } from '../protocol/probe.ts'

/** Any object, as the API answers it. */
export interface Resource {
  apiVersion: string
  kind: string
  metadata: {
    name: string
    namespace?: string
    labels?: Record<string, string>
    annotations?: Record<string, string>
    creationTimestamp?: string
    deletionTimestamp?: string
    ownerReferences?: { kind: string; name: string; uid: string; controller?: boolean }[]
    uid?: string
  }
  spec?: unknown
  status?: unknown
  [field: string]: unknown
}

/** Names a kind for reading: `{apiVersion: 'v1', plural: 'pods'}`. */
export interface Kind {
  apiVersion: string
  plural: string
}

/** The cluster as a check may see it: with the grader's rights, reading only. */
export interface KubernetesReader {
  /** Undefined when there is no such object, or no such kind in this cluster. */
  get<T extends object = Resource>(kind: Kind, name: string, namespace?: string): Promise<T | undefined>
  /** Empty when the kind is not served. Without a namespace: of all namespaces. */
  list<T extends object = Resource>(kind: Kind, options?: { namespace?: string; labelSelector?: string }): Promise<T[]>
  /** What the API would store for this pod now (dry run): injection is seen without making anything. */
  dryRunPod(namespace: string, pod: { labels?: Record<string, string>; serviceAccount?: string }): Promise<DryRun>
}

export type DryRun = { admitted: true; pod: V1Pod } | { admitted: false; message: string }

/** All that a check is handed. It changes nothing that the learner can see and may run any number of times. */
export interface CheckContext {
  kubernetes: KubernetesReader
  /** Sends requests from a caller that the learner does not control, or from a named workload's own pod, and counts what came back. */
  probe: (request: ProbeRequest) => Promise<ProbeResult | ProbeRefusal>
  /** Runs `attempt` until it is met or the deadline of the check is near; answers with the last one. */
  eventually: (attempt: () => Promise<Answer>, options?: { intervalMilliseconds?: number }) => Promise<Answer>
  /** Evidence of the attempt that is under way; `eventually` forgets what earlier attempts reported. */
  report: (evidence: Evidence) => void
  /** Fires at the deadline. */
  signal: AbortSignal
}

/** What a verifier says; the runner adds evidence and time and makes a Verdict of it. A thrown error is `broken`. */
export interface Answer {
  state: 'met' | 'unmet'
  /** Stable word for the reason: `plaintext-served`. */
  code: string
  /** What was seen against what was wanted, in a sentence for the learner. */
  reason: string
}

export interface Verifier<P = unknown> {
  /** `istio/plaintext-refused`: what a lab writes. */
  name: string
  /** One sentence: what it proves. */
  proves: string
  /** Checks the parameters that the lab gives; throws an Error with a sentence when they are wrong. Called when the lab is loaded. */
  parameters(given: Record<string, unknown>): P
  verify(context: CheckContext, parameters: P): Promise<Answer>
}

export function met(code: string, reason: string): Answer {
  return { state: 'met', code, reason }
}

export function unmet(code: string, reason: string): Answer {
  return { state: 'unmet', code, reason }
}
