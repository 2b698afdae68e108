import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { GRADER_NAMESPACE, type ProbeCaller, type ProbeRefusal } from '../../../protocol/probe.ts'
import { collectionPath, type ApiClient } from '../../clusters/credentials.ts'

/** A pod whose network a probe is sent from. */
export interface Caller {
  /** "frontend in default" */
  name: string
  podUid: string
  node: string
  sidecar: boolean
  leave(this: void): Promise<void>
}

export interface Pod {
  metadata: {
    name: string
    namespace: string
    uid: string
    creationTimestamp?: string
    deletionTimestamp?: string
    ownerReferences?: { kind: string; name: string; controller?: boolean }[]
  }
  spec: { nodeName?: string; containers: { name: string }[]; initContainers?: { name: string }[] }
  status?: { conditions?: { type: string; status: string; message?: string }[] }
}

const PROXY = 'istio-proxy'
const GUEST_LABEL = 'labwright.dev/probe'
/** A guest never takes part in a Service: this condition stays away, so it is never Ready as a whole. */
const NEVER = 'labwright.dev/takes-requests'
const GUEST_READY_MILLISECONDS = 60_000
const GUEST_LIFE_SECONDS = 600

/** A ready pod of a workload. */
export async function findCaller(
  { namespace, workload }: ProbeCaller & { kind: 'workload' },
  api: ApiClient,
  signal: AbortSignal,
): Promise<Caller | ProbeRefusal> {
  const [pods, sets] = await Promise.all([
    list<Pod>(api, collectionPath('v1', 'pods', namespace), signal),
    list<Pod>(api, collectionPath('apps/v1', 'replicasets', namespace), signal),
  ])
  const own = pods.filter((pod) => namesOf(pod, sets).includes(workload))
  if (own.length === 0) {
    for (const kind of ['deployments', 'statefulsets', 'daemonsets']) {
      const path = `${collectionPath('apps/v1', kind, namespace)}/${encodeURIComponent(workload)}`
      if ((await api.request(path, { signal })).status === 200)
        return { refusal: 'no-ready-pod', message: `${workload} in ${namespace} has no pods.` }
    }
    return { refusal: 'no-workload', message: `There is no workload ${workload} in the namespace ${namespace}.` }
  }
  const ready = own.find((pod) => pod.metadata.deletionTimestamp === undefined && holds(pod, 'Ready'))
  if (ready === undefined)
    return { refusal: 'no-ready-pod', message: `No pod of ${workload} in ${namespace} is ready.` }
  return callerOf(ready, `${workload} in ${namespace}`, async () => undefined)
}

/** A pod for the occasion, with the identity that was asked for. It is gone afterwards. */
export async function makeGuest(
  from: ProbeCaller & { kind: 'identity' },
  { api, image, signal }: { api: ApiClient; image: string; signal: AbortSignal },
): Promise<Caller | ProbeRefusal> {
  const { namespace, serviceAccount } = from
  if (namespace === GRADER_NAMESPACE) await prepareNamespace(api, namespace, signal)
  const pods = collectionPath('v1', 'pods', namespace)
  const made = await api.request(pods, { method: 'POST', body: JSON.stringify(guest(from, image)), signal })
  if (made.status >= 300) {
    const reason = (made.body as { message?: string } | undefined)?.message ?? `status ${made.status}`
    const message = `No pod with the account ${namespace}/${serviceAccount} can be made: ${reason}`
    return { refusal: 'injection-failed', message }
  }
  const { name } = (made.body as Pod).metadata
  const leave = () => removeGuest(api, namespace, name)
  try {
    const deadline = performance.now() + GUEST_READY_MILLISECONDS
    for (;;) {
      const pod = (await api.request(`${pods}/${name}`, { signal })).body as Pod
      if (holds(pod, 'ContainersReady')) return callerOf(pod, `${serviceAccount} in ${namespace}`, leave)
      if (performance.now() > deadline) {
        await leave()
        const seen = pod.status?.conditions?.find(
          ({ type, status }) => type !== 'Ready' && status === 'False' && type !== NEVER,
        )
        const message = `A pod with the account ${namespace}/${serviceAccount} did not get ready: ${seen?.message ?? 'no reason was given'}`
        return { refusal: 'injection-failed', message }
      }
      await sleep(150, undefined, { signal })
    }
  } catch (error) {
    await leave()
    throw error
  }
}

/** A namespace of the grader's, outside every mesh, with its account: whoever deleted it finds it again, once it is gone. */
async function prepareNamespace(api: ApiClient, name: string, signal: AbortSignal): Promise<void> {
  const namespaces = collectionPath('v1', 'namespaces')
  const account = `${collectionPath('v1', 'serviceaccounts', name)}/default`
  const metadata = { name, labels: { 'istio-injection': 'disabled' } }
  const body = JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata })
  const deadline = performance.now() + GUEST_READY_MILLISECONDS
  while (performance.now() < deadline) {
    const found = await api.request(`${namespaces}/${name}`, { signal })
    const isLeaving = (found.body as Partial<Pod> | undefined)?.metadata?.deletionTimestamp !== undefined
    if (found.status === 404) await api.request(namespaces, { method: 'POST', body, signal })
    else if (!isLeaving && (await api.request(account, { signal })).status === 200) return
    await sleep(150, undefined, { signal })
  }
}

/** Takes away guests that nobody took away: whoever made them died. */
export async function removeOldGuests(api: ApiClient, now: number, signal: AbortSignal): Promise<void> {
  const guests = await list<Pod>(api, `/api/v1/pods?labelSelector=${encodeURIComponent(GUEST_LABEL)}`, signal)
  for (const { metadata } of guests)
    if (now - Date.parse(metadata.creationTimestamp ?? '') > GUEST_LIFE_SECONDS * 1000)
      await removeGuest(api, metadata.namespace, metadata.name)
}

function guest(
  { namespace, serviceAccount, labels = {}, sidecar }: ProbeCaller & { kind: 'identity' },
  image: string,
): object {
  const without = sidecar === 'none' ? { 'sidecar.istio.io/inject': 'false' } : {}
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: `labwright-probe-${randomBytes(4).toString('hex')}`,
      namespace,
      labels: { ...labels, ...without, [GUEST_LABEL]: 'true' },
      annotations: without,
    },
    spec: {
      serviceAccountName: serviceAccount,
      readinessGates: [{ conditionType: NEVER }],
      activeDeadlineSeconds: GUEST_LIFE_SECONDS,
      terminationGracePeriodSeconds: 0,
      enableServiceLinks: false,
      containers: [
        {
          name: 'caller',
          image,
          imagePullPolicy: 'IfNotPresent',
          resources: { requests: { cpu: '10m', memory: '16Mi' }, limits: { cpu: '100m', memory: '32Mi' } },
          securityContext: {
            allowPrivilegeEscalation: false,
            runAsNonRoot: true,
            runAsUser: 65_535,
            capabilities: { drop: ['ALL'] },
            seccompProfile: { type: 'RuntimeDefault' },
          },
        },
      ],
    },
  }
}

async function removeGuest(api: ApiClient, namespace: string, name: string): Promise<void> {
  const body = JSON.stringify({ apiVersion: 'v1', kind: 'DeleteOptions', gracePeriodSeconds: 0 })
  const path = `${collectionPath('v1', 'pods', namespace)}/${name}`
  // A signal of its own: it has to go also when the probe was given up.
  await api.request(path, { method: 'DELETE', body, signal: AbortSignal.timeout(10_000) })
}

function callerOf(pod: Pod, name: string, leave: Caller['leave']): Caller {
  const { containers, initContainers = [], nodeName = '' } = pod.spec
  const sidecar = [...containers, ...initContainers].some((container) => container.name === PROXY)
  return { name, podUid: pod.metadata.uid, node: nodeName, sidecar, leave }
}

/** A pod's own name and those of the objects that control it: `reviews-v1-7f99cc4496-x2cbn`, its ReplicaSet, `reviews-v1`. */
function namesOf({ metadata }: Pod, sets: readonly Pod[]): string[] {
  const owner = controllerOf(metadata)
  if (owner === undefined) return [metadata.name]
  const set = owner.kind === 'ReplicaSet' ? sets.find((each) => each.metadata.name === owner.name) : undefined
  const above = set === undefined ? undefined : controllerOf(set.metadata)
  return [metadata.name, owner.name, ...(above === undefined ? [] : [above.name])]
}

const controllerOf = ({ ownerReferences }: Pod['metadata']) =>
  ownerReferences?.find(({ controller }) => controller === true)

function holds(pod: Pod, condition: string): boolean {
  return pod.status?.conditions?.some(({ type, status }) => type === condition && status === 'True') ?? false
}

async function list<T>(api: ApiClient, path: string, signal: AbortSignal): Promise<T[]> {
  const { status, body } = await api.request(path, { signal })
  if (status !== 200) throw new Error(`the API server answered ${status} to GET ${path}`)
  return (body as { items: T[] }).items
}
