/**
 * What a simulator host is asked, as JSON over HTTP on a Unix socket that only this user may open.
 *   GET    /healthz                     -> {pid, clusters: number}
 *   POST   /clusters  ClusterSpec       -> ClusterDescription   (201; 200 when it is there already: creating is idempotent by id)
 *   GET    /clusters                    -> ClusterDescription[]
 *   GET    /clusters/:id                -> ClusterDescription
 *   DELETE /clusters/:id                -> 204
 *   POST   /clusters/:id/reset          -> ClusterDescription   (empty again; same port and credentials)
 *   POST   /clusters/:id/probe ProbeRequest -> ProbeResult, or 409 ProbeRefusal
 *   GET    /clusters/:id/changes        -> one JSON line per change, ClusterChange, from now on; first line {"type":"READY"}
 * Errors are {code, message}.
 */
export interface ClusterSpec {
  id: string
  seed?: number
  /** Loopback port; absent: any free one. Kept over restarts. */
  port?: number
  /** Another cluster of the host: the new one begins with a copy of its objects, and goes its own way. */
  from?: string
  /** Begins with Istio in it, of this profile, as `istioctl install` leaves it; also after a reset. */
  istio?: 'demo'
}

export interface ClusterDescription {
  id: string
  /** https://127.0.0.1:PORT */
  server: string
  port: number
  /** PEM. */
  certificateAuthority: string
  seed: number
  /** Bearer tokens: the learner is a cluster administrator; the grader has all rights and is not an object in the API. */
  tokens: { learner: string; grader: string }
}

export type ClusterChange =
  | { type: 'READY' }
  /** `resource` is `pods` or `virtualservices.networking.istio.io`. */
  | { type: 'ADDED' | 'MODIFIED' | 'DELETED'; resource: string; namespace?: string; name: string }
