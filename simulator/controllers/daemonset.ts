import { createEventRecorder, createWorkQueue, keyOf, type KubeObject } from '../kubernetes/index.ts'
import { matchesNodeAffinity, tolerates } from '../scheduler/filters.ts'
import { manager, together, type Controller } from './controller.ts'
import { claim, watchOwned } from './owned.ts'
import { isReady, podFromTemplate, PodControl, untilAvailable } from './pods.ts'
import { hashOf, syncRevisions, trimRevisions } from './revisions.ts'

const resource = 'daemonsets.apps'

/** Tolerations that every daemon has (util.AddOrUpdateDaemonPodTolerations). */
const daemonTolerations = [
  { key: 'node.kubernetes.io/not-ready', operator: 'Exists', effect: 'NoExecute' },
  { key: 'node.kubernetes.io/unreachable', operator: 'Exists', effect: 'NoExecute' },
  { key: 'node.kubernetes.io/disk-pressure', operator: 'Exists', effect: 'NoSchedule' },
  { key: 'node.kubernetes.io/memory-pressure', operator: 'Exists', effect: 'NoSchedule' },
  { key: 'node.kubernetes.io/pid-pressure', operator: 'Exists', effect: 'NoSchedule' },
  { key: 'node.kubernetes.io/unschedulable', operator: 'Exists', effect: 'NoSchedule' },
]

/** Keeps one pod of a template on every node that it may run on. */
export const daemonSetController: Controller = ({ api, clock, report }) => {
  const control = new PodControl(api, createEventRecorder({ api, clock, report, component: 'daemonset-controller' }))

  const reconcile = async (key: string): Promise<void> => {
    const [namespace = '', name = ''] = key.split('/')
    const set = api.get(resource, namespace, name)
    if (set === undefined || set.metadata.deletionTimestamp !== undefined) return
    const pods = await claim(api, 'pods', set, owned)
    const { update, all } = await syncRevisions(api, set)
    const hash = hashOf(update.metadata.labels) ?? ''
    const nodes = api.list('nodes').filter((node) => runsOn(set, node))
    for (const node of nodes) {
      const here = pods.filter((pod) => nodeOf(pod) === node.metadata.name)
      const ended = here.filter(({ status }) => status?.phase === 'Failed' || status?.phase === 'Succeeded')
      for (const pod of ended) if (pod.metadata.deletionTimestamp === undefined) await control.delete(set, pod)
      if (here.length === 0) await control.create(set, daemonPod(set, node, hash))
    }
    const wanted = new Set(nodes.map(({ metadata }) => metadata.name))
    for (const pod of pods) {
      if (!wanted.has(nodeOf(pod)) && pod.metadata.deletionTimestamp === undefined) await control.delete(set, pod)
    }
    if (set.spec.updateStrategy?.type !== 'OnDelete') await roll(set, pods, hash, nodes.length)
    await writeStatus(set, wanted, hash)
    await trimRevisions(api, set, all, new Set([hash, ...pods.map(({ metadata }) => hashOf(metadata.labels))]))
  }

  /** As many old pods go at a time as may be unavailable. */
  const roll = async (set: KubeObject, pods: readonly KubeObject[], hash: string, nodes: number): Promise<void> => {
    const { maxUnavailable = 1 } = set.spec.updateStrategy?.rollingUpdate ?? {}
    const most =
      typeof maxUnavailable === 'number'
        ? maxUnavailable
        : Math.ceil((Number(maxUnavailable.replace('%', '')) * nodes) / 100)
    const isUp = (pod: KubeObject): boolean => pod.metadata.deletionTimestamp === undefined && isReady(pod)
    let room = Math.max(1, most) - (nodes - pods.filter(isUp).length)
    for (const pod of pods) {
      if (hashOf(pod.metadata.labels) === hash || pod.metadata.deletionTimestamp !== undefined) continue
      const free = !isReady(pod)
      if (!free && room <= 0) continue
      if (!free) room--
      await control.delete(set, pod)
    }
  }

  const writeStatus = async (set: KubeObject, wanted: ReadonlySet<string>, hash: string): Promise<void> => {
    const pods = owned.of(set.metadata.uid).filter(({ metadata }) => metadata.deletionTimestamp === undefined)
    const right = pods.filter((pod) => wanted.has(nodeOf(pod)))
    const available = right.filter(
      (pod) => untilAvailable(pod, set.spec.minReadySeconds ?? 0, clock.now()) === 0,
    ).length
    const updated = right.filter(({ metadata }) => hashOf(metadata.labels) === hash).length
    const status = {
      currentNumberScheduled: right.length,
      numberMisscheduled: pods.length - right.length,
      desiredNumberScheduled: wanted.size,
      numberReady: right.filter(isReady).length,
      observedGeneration: set.metadata.generation,
      ...(updated > 0 ? { updatedNumberScheduled: updated } : {}),
      ...(available > 0 ? { numberAvailable: available } : {}),
      ...(wanted.size > available ? { numberUnavailable: wanted.size - available } : {}),
    }
    await api.mutate(
      resource,
      set.metadata.namespace,
      set.metadata.name,
      (object) => {
        if (JSON.stringify(object.status) === JSON.stringify(status)) return false
        object.status = status
      },
      { subresource: 'status', manager },
    )
  }

  const queue = createWorkQueue({ clock, reconcile, report })
  const owned = watchOwned(api, 'pods', (pod, owners) => {
    for (const owner of owners) if (owner?.kind === 'DaemonSet') queue.add(`${pod.metadata.namespace}/${owner.name}`)
  })
  const watches = [
    api.watch(resource, ({ type, object }) => {
      if (type !== 'DELETED') queue.add(keyOf(object))
    }),
    api.watch('nodes', ({ object, previous }) => {
      const shows = ({ metadata, spec }: KubeObject): string => JSON.stringify([metadata.labels, spec])
      if (previous !== undefined && shows(previous) === shows(object)) return
      for (const set of api.list(resource)) queue.add(keyOf(set))
    }),
  ]
  return together([...watches, owned, queue])
}

function runsOn({ spec }: KubeObject, node: KubeObject): boolean {
  const template = spec.template.spec
  const tolerations = [...(template.tolerations ?? []), ...daemonTolerations]
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata: node.metadata, spec: { ...template, tolerations } }
  const taints: { key: string; effect: string }[] = node.spec.taints ?? []
  return (
    matchesNodeAffinity(pod, node) &&
    taints.every((taint) => taint.effect === 'PreferNoSchedule' || tolerates(pod, taint))
  )
}

/** The pod of one node: bound by an affinity to that node's name, so that the scheduler puts it there. */
function daemonPod(set: KubeObject, node: KubeObject, hash: string) {
  const pod = podFromTemplate(set, set.spec.template, {
    labels: { 'controller-revision-hash': hash, 'pod-template-generation': String(set.metadata.generation ?? 1) },
  })
  const term = { matchFields: [{ key: 'metadata.name', operator: 'In', values: [node.metadata.name] }] }
  const affinity = pod.spec.affinity ?? {}
  pod.spec.affinity = {
    ...affinity,
    nodeAffinity: {
      ...affinity.nodeAffinity,
      requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [term] },
    },
  }
  pod.spec.tolerations = [...(pod.spec.tolerations ?? []), ...daemonTolerations]
  return pod
}

function nodeOf({ spec }: KubeObject): string {
  const [term] = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? []
  return spec.nodeName ?? term?.matchFields?.[0]?.values?.[0] ?? ''
}
