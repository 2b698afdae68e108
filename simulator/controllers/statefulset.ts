import {
  ApiError,
  createEventRecorder,
  createWorkQueue,
  keyOf,
  type KubeObject,
  type NewObject,
} from '../kubernetes/index.ts'
import { manager, together, type Controller } from './controller.ts'
import { claim, controlledBy, watchOwned } from './owned.ts'
import { isReady, podFromTemplate, untilAvailable } from './pods.ts'
import { hashOf, syncRevisions, trimRevisions } from './revisions.ts'

const resource = 'statefulsets.apps'

/** Keeps numbered pods, one after the other unless the set says Parallel; updates them from the highest number down. */
export const statefulSetController: Controller = ({ api, clock, report }) => {
  const recorder = createEventRecorder({ api, clock, report, component: 'statefulset-controller' })

  const reconcile = async (key: string): Promise<void> => {
    const [namespace = '', name = ''] = key.split('/')
    const set = api.get(resource, namespace, name)
    if (set === undefined || set.metadata.deletionTimestamp !== undefined) return
    const pods = await claim(api, 'pods', set, owned)
    const { update, all } = await syncRevisions(api, set)
    const current = all.find(({ metadata }) => metadata.name === set.status?.currentRevision) ?? update
    try {
      await act(set, pods, update, current)
    } finally {
      await writeStatus(set, update, current)
    }
    await trimRevisions(api, set, all, new Set([update, current].map(({ metadata }) => hashOf(metadata.labels))))
    const waits = owned.of(set.metadata.uid).flatMap((pod) => untilAvailable(pod, minReadyOf(set), clock.now()) || [])
    if (waits.length > 0) queue.addAfter(key, Math.min(...waits))
  }

  /** One round: the first thing that has to be done, and with Parallel everything that can be. */
  const act = async (
    set: KubeObject,
    pods: readonly KubeObject[],
    update: KubeObject,
    current: KubeObject,
  ): Promise<void> => {
    const parallel = set.spec.podManagementPolicy === 'Parallel'
    const wanted = ordinalsOf(set)
    const byOrdinal = new Map(pods.map((pod) => [ordinalOf(set, pod), pod]))
    for (const ordinal of wanted) {
      const pod = byOrdinal.get(ordinal)
      if (pod?.status?.phase === 'Failed' || pod?.status?.phase === 'Succeeded') await remove(set, pod)
      else if (pod === undefined) await create(set, ordinal, revisionFor(set, ordinal, update, current))
      const isUp = pod !== undefined && pod.metadata.deletionTimestamp === undefined && available(set, pod)
      if (!isUp && !parallel) return
    }
    const surplus = pods
      .filter((pod) => !wanted.includes(ordinalOf(set, pod)))
      .toSorted((a, b) => ordinalOf(set, b) - ordinalOf(set, a))
    for (const pod of surplus) {
      if (pod.metadata.deletionTimestamp === undefined) await remove(set, pod)
      if (!parallel) return
    }
    if (set.spec.updateStrategy?.type !== 'OnDelete') await roll(set, byOrdinal, update)
  }

  const roll = async (
    set: KubeObject,
    byOrdinal: ReadonlyMap<number, KubeObject>,
    update: KubeObject,
  ): Promise<void> => {
    const partition: number = set.spec.updateStrategy?.rollingUpdate?.partition ?? 0
    for (const ordinal of ordinalsOf(set).toReversed()) {
      if (ordinal < partition) return
      const pod = byOrdinal.get(ordinal)
      if (pod === undefined || pod.metadata.deletionTimestamp !== undefined) return
      if (hashOf(pod.metadata.labels) !== hashOf(update.metadata.labels)) return remove(set, pod)
      if (!available(set, pod)) return
    }
  }

  const create = async (set: KubeObject, ordinal: number, revision: KubeObject): Promise<void> => {
    const name = `${set.metadata.name}-${ordinal}`
    const template = revision.data.spec.template
    const pod = podFromTemplate(set, template, {
      name,
      labels: {
        'apps.kubernetes.io/pod-index': String(ordinal),
        'controller-revision-hash': hashOf(revision.metadata.labels) ?? '',
        'statefulset.kubernetes.io/pod-name': name,
      },
    })
    pod.spec.hostname = name
    pod.spec.subdomain = set.spec.serviceName
    try {
      await claimVolumes(set, name, pod)
      await api.create(pod, { manager })
      recorder.record(
        set,
        'Normal',
        'SuccessfulCreate',
        `create Pod ${name} in StatefulSet ${set.metadata.name} successful`,
      )
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      const message = `create Pod ${name} in StatefulSet ${set.metadata.name} failed error: ${error.message}`
      recorder.record(set, 'Warning', 'FailedCreate', message)
      throw error
    }
  }

  const claimVolumes = async (set: KubeObject, podName: string, pod: NewObject): Promise<void> => {
    for (const { metadata, spec } of set.spec.volumeClaimTemplates ?? []) {
      const name = `${metadata.name}-${podName}`
      const namespace = set.metadata.namespace ?? ''
      const source = { name: metadata.name, persistentVolumeClaim: { claimName: name } }
      const others = (pod['spec'].volumes ?? []).filter((volume: { name: string }) => volume.name !== metadata.name)
      pod['spec'].volumes = [...others, source]
      if (api.get('persistentvolumeclaims', namespace, name) !== undefined) continue
      const owners =
        set.spec.persistentVolumeClaimRetentionPolicy?.whenDeleted === 'Delete'
          ? { ownerReferences: [controlledBy(set)] }
          : {}
      const labels = { ...metadata.labels, ...set.spec.selector.matchLabels }
      await api.create(
        {
          apiVersion: 'v1',
          kind: 'PersistentVolumeClaim',
          metadata: { ...metadata, name, namespace, labels, ...owners },
          spec,
        },
        { manager },
      )
      const message = `create Claim ${name} Pod ${podName} in StatefulSet ${set.metadata.name} success`
      recorder.record(set, 'Normal', 'SuccessfulCreate', message)
    }
  }

  const remove = async (set: KubeObject, pod: KubeObject): Promise<void> => {
    const { namespace, name, uid } = pod.metadata
    await api.delete('pods', namespace, name, { uid, manager })
    recorder.record(
      set,
      'Normal',
      'SuccessfulDelete',
      `delete Pod ${name} in StatefulSet ${set.metadata.name} successful`,
    )
  }

  const available = (set: KubeObject, pod: KubeObject): boolean =>
    untilAvailable(pod, minReadyOf(set), clock.now()) === 0

  const writeStatus = async (set: KubeObject, update: KubeObject, current: KubeObject): Promise<void> => {
    const pods = owned
      .of(set.metadata.uid)
      .filter(({ status }) => status?.phase !== 'Failed' && status?.phase !== 'Succeeded')
    const staying = pods.filter(({ metadata }) => metadata.deletionTimestamp === undefined)
    const count = (revision: KubeObject): number =>
      staying.filter(({ metadata }) => hashOf(metadata.labels) === hashOf(revision.metadata.labels)).length
    const replicas: number = set.spec.replicas ?? 1
    const updated = count(update)
    const ready = pods.filter(isReady).length
    const done = updated === replicas && pods.length === replicas && ready === replicas
    const status = {
      observedGeneration: set.metadata.generation,
      replicas: pods.length,
      ...(ready > 0 ? { readyReplicas: ready } : {}),
      ...(count(done ? update : current) > 0 ? { currentReplicas: count(done ? update : current) } : {}),
      ...(updated > 0 ? { updatedReplicas: updated } : {}),
      currentRevision: (done ? update : current).metadata.name,
      updateRevision: update.metadata.name,
      collisionCount: 0,
      availableReplicas: pods.filter((pod) => available(set, pod)).length,
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
    for (const owner of owners) if (owner?.kind === 'StatefulSet') queue.add(`${pod.metadata.namespace}/${owner.name}`)
  })
  const watch = api.watch(resource, ({ type, object }) => {
    if (type !== 'DELETED') queue.add(keyOf(object))
  })
  return together([watch, owned, queue])
}

const minReadyOf = ({ spec }: KubeObject): number => spec.minReadySeconds ?? 0

function ordinalsOf({ spec }: KubeObject): number[] {
  const start: number = spec.ordinals?.start ?? 0
  return Array.from({ length: spec.replicas ?? 1 }, (_, index) => start + index)
}

function ordinalOf(set: KubeObject, pod: KubeObject): number {
  return Number(pod.metadata.name.slice(set.metadata.name.length + 1))
}

/** Below the partition pods stay at the revision that the set last finished. */
function revisionFor(set: KubeObject, ordinal: number, update: KubeObject, current: KubeObject): KubeObject {
  const partition: number = set.spec.updateStrategy?.rollingUpdate?.partition ?? 0
  return set.spec.updateStrategy?.type !== 'OnDelete' && ordinal < partition ? current : update
}
