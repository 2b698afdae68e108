import * as v from 'valibot'

/**
 * What a provisioner is asked, as JSON over HTTP on a Unix socket that only this user may open. It alone talks to the container engine.
 *   GET    /healthz                      -> {pid, clusters: number}
 *   POST   /clusters  CreateOrder        -> ProvisionedCluster   (the one that is there when the id is known: creating is idempotent by id)
 *   GET    /clusters                     -> ClusterSummary[]
 *   GET    /clusters/:id                 -> ProvisionedCluster
 *   DELETE /clusters/:id                 -> 204                  (also when there is none; all that it owned is gone)
 *   POST   /clusters/:id/reset           -> ProvisionedCluster   (as it was when it was kept last, or made; same address and credentials)
 *   POST   /clusters/:id/keep            -> ProvisionedCluster   (a reset leads back to what is in it now)
 *   POST   /clusters/:id/pause | /resume -> ProvisionedCluster   (its processes stop where they are, and cost no CPU)
 *   POST   /clusters/:id/probe ProbeOrder -> ProbeResult, or 409 ProbeRefusal
 *   POST   /clusters/:id/toolbox ToolboxOrder -> Toolbox         (a container for a learner's shells, in the cluster's network alone)
 *   DELETE /clusters/:id/toolbox         -> 204                  (also when there is none; the home in it is gone)
 *   GET    /orphans                      -> OrphanReport         (what the next sweep would do, and why; it does nothing)
 * Errors are ProvisionerError with the error's status.
 */
export const clusterId = v.pipe(
  v.string(),
  v.regex(/^[a-z0-9][a-z0-9-]{0,30}$/, 'a cluster id is lower-case letters, digits and hyphens'),
)

/** As pods name it, with its tag or meaning `latest`. No digest: what is copied from an engine into a node has lost it. */
export const imageName = v.pipe(
  v.string(),
  v.maxLength(255),
  v.regex(
    /^(?:[a-z0-9][a-z0-9.-]*(?::\d{1,5})?\/)?[a-z0-9]+(?:[._/-]+[a-z0-9]+)*(?::\w[\w.-]{0,127})?$/,
    'an image is named by repository and tag, without a digest',
  ),
)

export const createOrder = v.strictObject({
  id: clusterId,
  /** Those of the engine that every node has from the beginning, so that pods pull nothing. */
  images: v.optional(v.pipe(v.array(imageName), v.maxLength(200))),
  /** It begins with Istio of this profile, ready to inject. */
  istio: v.optional(v.picklist(['demo'])),
  /** Of the hardware below it: a node gets no more. */
  limits: v.optional(
    v.strictObject({
      cpus: v.optional(v.pipe(v.number(), v.minValue(0.1), v.maxValue(256))),
      memoryMebibytes: v.optional(v.pipe(v.number(), v.integer(), v.minValue(512))),
      processes: v.optional(v.pipe(v.number(), v.integer(), v.minValue(256))),
    }),
  ),
})
export type CreateOrder = v.InferOutput<typeof createOrder>

/** The image and what the container may do are the provisioner's own: whoever asks can only say for whom it is. */
export const toolboxOrder = v.strictObject({
  /** Session id; it becomes a label. */
  session: v.exactOptional(v.pipe(v.string(), v.regex(/^[\w-]{1,64}$/, 'a session id is letters, digits, _ and -'))),
  /** The container is made anew from the image as it is now, with the home of the one that is there. */
  renew: v.exactOptional(v.boolean()),
})
export type ToolboxOrder = v.InferOutput<typeof toolboxOrder>

export interface Toolbox {
  /**
   * On this machine: the container sees it as /run/labwright and cannot write in it. Whoever uses the toolbox listens there, on
   * `agent.sock`, for the terminal host inside.
   */
  folder: string
  /** Names of the cluster's nodes, as the container knows them. */
  nodes: string[]
}

const labels = v.record(v.string(), v.string())
const text = (most: number) => v.pipe(v.string(), v.maxLength(most))

/** As ProbeRequest of protocol/probe.ts, checked where it arrives. */
export const probeOrder = v.strictObject({
  from: v.variant('kind', [
    v.strictObject({
      kind: v.literal('workload'),
      namespace: text(253),
      workload: text(253),
      container: v.exactOptional(text(253)),
    }),
    v.strictObject({
      kind: v.literal('identity'),
      namespace: text(253),
      serviceAccount: text(253),
      labels: v.exactOptional(labels),
      sidecar: v.picklist(['as-injected', 'none']),
    }),
  ]),
  url: v.pipe(text(8192), v.url()),
  method: v.exactOptional(v.pipe(v.string(), v.regex(/^[A-Z]{1,20}$/))),
  headers: v.exactOptional(labels),
  body: v.exactOptional(text(1 << 20)),
  count: v.exactOptional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(5000))),
  concurrency: v.exactOptional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(5000))),
  intervalMilliseconds: v.exactOptional(v.pipe(v.number(), v.minValue(0), v.maxValue(60_000))),
  timeoutMilliseconds: v.exactOptional(v.pipe(v.number(), v.minValue(1), v.maxValue(60_000))),
})

/** What is meant to become of a cluster; on disk before anything is done for it. */
export const INTENTS = ['creating', 'ready', 'paused', 'resetting', 'deleting'] as const
export type Intent = (typeof INTENTS)[number]

export interface ClusterSummary {
  id: string
  intent: Intent
}

interface ClientIdentity {
  /** PEM. */
  certificate: string
  /** PEM. */
  key: string
}

export interface ProvisionedCluster extends ClusterSummary {
  /** Why it is paused though nobody asked for that: "filled its disk (13 GiB of 12)". A reset, or resuming it, lets it go on. */
  reason?: string
  /** https://127.0.0.1:PORT */
  server: string
  /** The same API as the cluster's own network knows it: https://NODE:6443 */
  serverInNetwork: string
  /** PEM. */
  certificateAuthority: string
  /** The learner is a cluster administrator by a binding; the grader by its certificate, which no object in the API can take away. */
  identities: { learner: ClientIdentity; grader: ClientIdentity }
}

/** One thing that the sweeper would do, and why. */
export interface SweepStep {
  /** `finish`: a deletion or reset that was cut short; `delete`: nobody will ask for it; `start`: its nodes stand still; `forget`: nothing is left of it. */
  action: 'finish-delete' | 'finish-reset' | 'delete' | 'start' | 'forget'
  /** Name of the cluster in the engine: `lw-INSTALLATION-ID`. */
  cluster: string
  reason: string
  /** What the engine has of it: `node lw-1a2b3c-one-control-plane`. */
  objects: string[]
}

export interface OrphanReport {
  installation: string
  steps: SweepStep[]
}

export const provisionerFailure = v.object({
  code: v.string(),
  sentence: v.string(),
  details: v.record(v.string(), v.string()),
})
export type ProvisionerFailure = v.InferOutput<typeof provisionerFailure>
