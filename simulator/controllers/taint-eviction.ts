import { createEventRecorder, createWorkQueue, keyOf, type KubeObject } from '../kubernetes/index.ts'
import { tolerates } from '../scheduler/filters.ts'
import { manager, together, type Controller } from './controller.ts'

interface Taint {
  key: string
  value?: string
  effect: string
}

/** Deletes pods whose node got a NoExecute taint that they do not tolerate, or not for ever (taint_eviction.go). */
export const taintEvictionController: Controller = ({ api, clock, report }) => {
  const recorder = createEventRecorder({ api, clock, report, component: 'taint-eviction-controller' })
  /** Monotonic time since when a pod's node has been tainted, by the pod's uid. */
  const since = new Map<string, number>()

  const reconcile = async (key: string): Promise<void> => {
    const [namespace = '', name = ''] = key.split('/')
    const pod = api.get('pods', namespace, name)
    if (pod === undefined || pod.metadata.deletionTimestamp !== undefined || !pod.spec.nodeName) return
    const seconds = toleratedSeconds(pod, api.get('nodes', undefined, pod.spec.nodeName))
    const { uid } = pod.metadata
    if (seconds === Infinity) return void since.delete(uid)
    const start = since.get(uid) ?? clock.monotonic()
    since.set(uid, start)
    const left = start + seconds * 1000 - clock.monotonic()
    if (left > 0) return queue.addAfter(key, left)
    recorder.record(pod, 'Normal', 'TaintManagerEviction', `Marking for deletion Pod ${key}`)
    await api.delete('pods', namespace, name, { uid, manager })
  }

  const queue = createWorkQueue({ clock, reconcile, report })
  /** Heartbeats of an untainted node and changes of its pods are no work. */
  const concerns = (node: KubeObject | undefined): boolean => since.size > 0 || noExecute(node).length > 0
  return together([
    api.watch('pods', ({ type, object }) => {
      if (type === 'DELETED') since.delete(object.metadata.uid)
      else if (concerns(api.get('nodes', undefined, object.spec.nodeName ?? ''))) queue.add(keyOf(object))
    }),
    api.watch('nodes', ({ object: node }) => {
      if (!concerns(node)) return
      for (const pod of api.list('pods')) if (pod.spec.nodeName === node.metadata.name) queue.add(keyOf(pod))
    }),
    queue,
  ])
}

const noExecute = (node: KubeObject | undefined): Taint[] =>
  (node?.spec?.taints ?? []).filter(({ effect }: Taint) => effect === 'NoExecute')

/** How long a pod may stay on a node with its taints; Infinity: for ever. */
function toleratedSeconds(pod: KubeObject, node: KubeObject | undefined): number {
  const taints = noExecute(node)
  if (taints.some((taint) => !tolerates(pod, taint))) return 0
  const used = (pod.spec.tolerations ?? []).filter((toleration: object) =>
    taints.some((taint) => tolerates({ ...pod, spec: { tolerations: [toleration] } }, taint)),
  )
  return Math.min(Infinity, ...used.map(({ tolerationSeconds = Infinity }) => Math.max(0, tolerationSeconds)))
}
