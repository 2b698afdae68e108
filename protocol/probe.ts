/** Where callers of the grader's own stand, who belong to nobody's mesh. On a real cluster it is made when it is first needed. */
export const GRADER_NAMESPACE = 'labwright-grader'

/** A grader's requests through a cluster: from a caller that the learner does not control, or from a named workload's own pod. */
export type ProbeCaller =
  /** A ready pod of that workload sends them, through its own sidecar if it has one. */
  | { kind: 'workload'; namespace: string; workload: string; container?: string }
  /**
   * A caller made for the occasion, never an object that the learner can see. `sidecar: 'as-injected'` gives it a proxy exactly when a pod
   * with these labels in that namespace would get one now; `none` never.
   */
  | {
      kind: 'identity'
      namespace: string
      serviceAccount: string
      labels?: Record<string, string>
      sidecar: 'as-injected' | 'none'
    }

export interface ProbeRequest {
  from: ProbeCaller
  url: string
  method?: string
  headers?: Record<string, string>
  body?: string
  /** How many requests (1 to 5000), and how many of them at once (default 1). */
  count?: number
  concurrency?: number
  /** Pause after each request, for behaviour that needs time (an instance that comes back). Default 0. */
  intervalMilliseconds?: number
  /** Of each request. Default 5000. */
  timeoutMilliseconds?: number
}

/** Equal answers are counted together. */
export interface ProbeAnswer {
  count: number
  /** HTTP status; absent when the connection failed. */
  status?: number
  /** First 4 KiB. */
  body?: string
  headers?: Record<string, string>
  failure?: { kind: 'dns' | 'refused' | 'timeout' | 'unreachable' | 'tls' | 'empty' | 'reset'; message: string }
}

export interface ProbeResult {
  /** Who called, in words for a person: "frontend in default, with a sidecar". */
  caller: string
  sidecar: boolean
  answers: ProbeAnswer[]
}

/** Why no request could be sent at all: no such workload, no ready pod. */
export interface ProbeRefusal {
  refusal: 'no-workload' | 'no-ready-pod' | 'injection-failed'
  message: string
}
