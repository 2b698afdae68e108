import {
  ApiError,
  type Api,
  type EventRecorder,
  type KubeObject,
  type NewObject,
  type ObjectMeta,
} from '../kubernetes/index.ts'
import { manager } from './controller.ts'
import { controlledBy } from './owned.ts'

export const isActive = ({ metadata, status }: KubeObject): boolean =>
  metadata.deletionTimestamp === undefined && status?.phase !== 'Succeeded' && status?.phase !== 'Failed'

function readyCondition(pod: KubeObject): { status: string; lastTransitionTime: string } | undefined {
  return (pod.status?.conditions ?? []).find(({ type }: { type: string }) => type === 'Ready')
}

export const isReady = (pod: KubeObject): boolean => readyCondition(pod)?.status === 'True'

/** Milliseconds until a ready pod counts as available; 0 when it does; undefined when it is not ready. */
export function untilAvailable(pod: KubeObject, minReadySeconds: number, now: number): number | undefined {
  const ready = readyCondition(pod)
  if (ready?.status !== 'True') return undefined
  if (minReadySeconds === 0) return 0
  return Math.max(0, Date.parse(ready.lastTransitionTime) + minReadySeconds * 1000 - now)
}

/** A pod from an owner's template; `name` where it is given, else the API makes one up from the owner's. */
export function podFromTemplate(
  owner: KubeObject,
  template: { metadata?: Partial<ObjectMeta>; spec: KubeObject['spec'] },
  extra: Partial<ObjectMeta> = {},
): NewObject {
  const { labels, annotations, finalizers } = template.metadata ?? {}
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      ...(extra.name === undefined ? { generateName: `${owner.metadata.name}-` } : {}),
      namespace: owner.metadata.namespace ?? '',
      ...(finalizers === undefined ? {} : { finalizers: [...finalizers] }),
      ownerReferences: [controlledBy(owner)],
      ...extra,
      labels: { ...labels, ...extra.labels },
      ...(annotations || extra.annotations ? { annotations: { ...annotations, ...extra.annotations } } : {}),
    },
    spec: structuredClone(template.spec),
  }
}

/** Creates and deletes pods for an owner and tells events of it, as controller_utils.go RealPodControl. */
export class PodControl {
  readonly #api: Api
  readonly #recorder: EventRecorder

  constructor(api: Api, recorder: EventRecorder) {
    this.#api = api
    this.#recorder = recorder
  }

  async create(owner: KubeObject, pod: NewObject): Promise<KubeObject> {
    try {
      const created = await this.#api.create(pod, { manager })
      this.#recorder.record(owner, 'Normal', 'SuccessfulCreate', `Created pod: ${created.metadata.name}`)
      return created
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      this.#recorder.record(owner, 'Warning', 'FailedCreate', `Error creating: ${error.message}`)
      throw error
    }
  }

  async delete(owner: KubeObject, pod: KubeObject): Promise<void> {
    const { namespace, name, uid } = pod.metadata
    await this.#api.delete('pods', namespace, name, { uid, manager })
    this.#recorder.record(owner, 'Normal', 'SuccessfulDelete', `Deleted pod: ${name}`)
  }
}

/** Which pods go first when there are too many: not yet running before running, unready before ready, youngest before oldest. */
export function byDeletionCost(a: KubeObject, b: KubeObject): number {
  const rank = (pod: KubeObject): number[] => [
    pod.spec.nodeName ? 1 : 0,
    ['Pending', 'Unknown', 'Running'].indexOf(pod.status?.phase ?? 'Pending'),
    isReady(pod) ? 1 : 0,
    Number(pod.metadata.annotations?.['controller.kubernetes.io/pod-deletion-cost'] ?? 0),
    -Date.parse(readyCondition(pod)?.lastTransitionTime ?? pod.metadata.creationTimestamp),
    -(pod.status?.containerStatuses ?? []).reduce(
      (sum: number, { restartCount }: { restartCount: number }) => sum + restartCount,
      0,
    ),
    -Date.parse(pod.metadata.creationTimestamp),
  ]
  const [left, right] = [rank(a), rank(b)]
  const at = left.findIndex((value, index) => value !== right[index])
  return at === -1 ? 0 : (left[at] ?? 0) - (right[at] ?? 0)
}
