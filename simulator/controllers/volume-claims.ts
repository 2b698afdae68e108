import { createEventRecorder, createWorkQueue, keyOf, quantityValue, type KubeObject } from '../kubernetes/index.ts'
import { manager, together, type Controller } from './controller.ts'

const claims = 'persistentvolumeclaims'
const volumes = 'persistentvolumes'
const classes = 'storageclasses.storage.k8s.io'
const defaultClass = 'standard'
const defaultAnnotation = 'storageclass.kubernetes.io/is-default-class'
/** Provisions volumes that are nothing but their object: the node keeps a claim's files as long as there is the claim. */
const provisioner = 'labwright.dev/simulated'
const claimFinalizer = 'kubernetes.io/pvc-protection'
const volumeFinalizer = 'kubernetes.io/pv-protection'

/** Binds claims to volumes, and makes volumes for the class `standard`. */
export const volumeClaimController: Controller = ({ api, clock, report }) => {
  const recorder = createEventRecorder({ api, clock, report, component: 'persistentvolume-controller' })

  const ensureClass = async (): Promise<void> => {
    if (api.get(classes, undefined, defaultClass) !== undefined) return
    await api.create(
      {
        apiVersion: 'storage.k8s.io/v1',
        kind: 'StorageClass',
        metadata: { name: defaultClass, annotations: { [defaultAnnotation]: 'true' } },
        provisioner,
        reclaimPolicy: 'Delete',
        volumeBindingMode: 'WaitForFirstConsumer',
      },
      { manager },
    )
  }

  const usedBy = (claim: KubeObject): KubeObject[] =>
    api
      .list('pods', { namespace: claim.metadata.namespace ?? '' })
      .filter(
        ({ spec, status }) =>
          status?.phase !== 'Succeeded' &&
          status?.phase !== 'Failed' &&
          (spec.volumes ?? []).some(
            (volume: KubeObject['spec']) => volume.persistentVolumeClaim?.claimName === claim.metadata.name,
          ),
      )

  const reconcile = async (key: string): Promise<void> => {
    if (key === 'class') return ensureClass()
    if (!key.includes('/')) return reconcileVolume(key)
    const [namespace = '', name = ''] = key.split('/')
    const claim = api.get(claims, namespace, name)
    if (claim === undefined) return
    if (claim.metadata.deletionTimestamp !== undefined) {
      if (usedBy(claim).length === 0) await dropFinalizer(claims, claim, claimFinalizer)
      return
    }
    if (claim.status?.phase === 'Bound') return
    const className = claim.spec.storageClassName ?? (await assignDefaultClass(claim))
    const volume = findVolume(claim, className)
    if (volume !== undefined) return bind(claim, volume)
    const storageClass = api.get(classes, undefined, className ?? '')
    if (storageClass === undefined) {
      if (!className) return
      return recorder.record(
        claim,
        'Warning',
        'ProvisioningFailed',
        `storageclass.storage.k8s.io "${className}" not found`,
      )
    }
    if (storageClass.volumeBindingMode === 'WaitForFirstConsumer' && usedBy(claim).length === 0) {
      return recorder.record(
        claim,
        'Normal',
        'WaitForFirstConsumer',
        'waiting for first consumer to be created before binding',
      )
    }
    if (storageClass.provisioner === provisioner) await bind(claim, await provision(claim, storageClass))
  }

  /** A claim without a class takes the default one, also when that came later (RetroactiveDefaultStorageClass). */
  const assignDefaultClass = async (claim: KubeObject): Promise<string | undefined> => {
    const found = api.list(classes).find(({ metadata }) => metadata.annotations?.[defaultAnnotation] === 'true')
    if (found === undefined) return undefined
    const { namespace, name } = claim.metadata
    await api.mutate(claims, namespace, name, ({ spec }) => void (spec.storageClassName = found.metadata.name), {
      manager,
    })
    return found.metadata.name
  }

  const findVolume = (claim: KubeObject, className: string | undefined): KubeObject | undefined => {
    const wanted = quantityValue(claim.spec.resources?.requests?.storage)
    const { namespace, name, uid } = claim.metadata
    return api
      .list(volumes)
      .filter(({ spec, status }) => {
        const reference = spec.claimRef
        if (claim.spec.volumeName) return false
        if (reference)
          return (
            reference.namespace === namespace && reference.name === name && (!reference.uid || reference.uid === uid)
          )
        const modes: string[] = spec.accessModes ?? []
        const fits =
          quantityValue(spec.capacity?.storage) >= wanted &&
          (claim.spec.accessModes ?? []).every((mode: string) => modes.includes(mode))
        return (
          fits && (spec.storageClassName ?? '') === (className ?? '') && (status?.phase ?? 'Available') === 'Available'
        )
      })
      .concat(api.get(volumes, undefined, claim.spec.volumeName ?? '') ?? [])
      .toSorted((a, b) => quantityValue(a.spec.capacity?.storage) - quantityValue(b.spec.capacity?.storage))[0]
  }

  const provision = async (claim: KubeObject, storageClass: KubeObject): Promise<KubeObject> => {
    const name = `pvc-${claim.metadata.uid}`
    const existing = api.get(volumes, undefined, name)
    if (existing !== undefined) return existing
    const volume = await api.create(
      {
        apiVersion: 'v1',
        kind: 'PersistentVolume',
        metadata: { name, annotations: { 'pv.kubernetes.io/provisioned-by': provisioner } },
        spec: {
          capacity: { storage: claim.spec.resources.requests.storage },
          accessModes: claim.spec.accessModes,
          persistentVolumeReclaimPolicy: storageClass.reclaimPolicy ?? 'Delete',
          storageClassName: storageClass.metadata.name,
          volumeMode: claim.spec.volumeMode ?? 'Filesystem',
          hostPath: { path: `/var/lib/volumes/${name}`, type: 'DirectoryOrCreate' },
          claimRef: referenceTo(claim),
        },
      },
      { manager },
    )
    recorder.record(claim, 'Normal', 'ProvisioningSucceeded', `Successfully provisioned volume ${name}`)
    return volume
  }

  const bind = async (claim: KubeObject, volume: KubeObject): Promise<void> => {
    const { namespace, name } = claim.metadata
    await api.mutate(
      volumes,
      undefined,
      volume.metadata.name,
      ({ spec, metadata }) => {
        if (spec.claimRef?.uid === claim.metadata.uid) return false
        spec.claimRef = referenceTo(claim)
        metadata.annotations = { ...metadata.annotations, 'pv.kubernetes.io/bound-by-controller': 'yes' }
      },
      { manager },
    )
    await setPhase(volume.metadata.name, 'Bound')
    await api.mutate(
      claims,
      namespace,
      name,
      ({ spec, metadata }) => {
        const bound = {
          'pv.kubernetes.io/bind-completed': 'yes',
          ...(spec.volumeName ? {} : { 'pv.kubernetes.io/bound-by-controller': 'yes' }),
        }
        spec.volumeName = volume.metadata.name
        metadata.annotations = { ...metadata.annotations, ...bound }
      },
      { manager },
    )
    const { accessModes, capacity } = volume.spec
    const status = { phase: 'Bound', accessModes, capacity }
    await api.mutate(claims, namespace, name, (object) => void (object.status = status), {
      subresource: 'status',
      manager,
    })
  }

  const setPhase = async (name: string, phase: string): Promise<void> => {
    await api.mutate(
      volumes,
      undefined,
      name,
      (volume) => {
        if (volume.status?.phase === phase) return false
        volume.status = { ...volume.status, phase }
      },
      { subresource: 'status', manager },
    )
  }

  const reconcileVolume = async (name: string): Promise<void> => {
    const volume = api.get(volumes, undefined, name)
    if (volume === undefined) return
    const { claimRef, persistentVolumeReclaimPolicy } = volume.spec
    const claim = claimRef && api.get(claims, claimRef.namespace, claimRef.name)
    const isBound = claim !== undefined && (claimRef.uid === undefined || claim.metadata.uid === claimRef.uid)
    if (volume.metadata.deletionTimestamp !== undefined) {
      if (!isBound) await dropFinalizer(volumes, volume, volumeFinalizer)
      return
    }
    if (claimRef === undefined || (claimRef.uid === undefined && !isBound)) return setPhase(name, 'Available')
    if (isBound) return
    await setPhase(name, 'Released')
    if (persistentVolumeReclaimPolicy === 'Delete') await api.delete(volumes, undefined, name, { manager })
  }

  const dropFinalizer = async (resource: string, { metadata }: KubeObject, finalizer: string): Promise<void> => {
    await api.mutate(
      resource,
      metadata.namespace,
      metadata.name,
      (object) => {
        const kept = (object.metadata.finalizers ?? []).filter((other) => other !== finalizer)
        if (kept.length === object.metadata.finalizers?.length) return false
        if (kept.length > 0) object.metadata.finalizers = kept
        else delete object.metadata.finalizers
      },
      { manager },
    )
  }

  const queue = createWorkQueue({ clock, reconcile, report })
  queue.add('class')
  const unbound = (): void => {
    for (const claim of api.list(claims)) if (claim.status?.phase !== 'Bound') queue.add(keyOf(claim))
  }
  return together([
    queue,
    api.watch(claims, ({ type, object }) => {
      if (type !== 'DELETED') queue.add(keyOf(object))
      else if (object.spec.volumeName) queue.add(object.spec.volumeName)
    }),
    api.watch(volumes, ({ type, object, previous }) => {
      if (type !== 'DELETED') queue.add(object.metadata.name)
      // A new volume is Pending until we have looked at it.
      if (previous?.status?.phase !== object.status?.phase) unbound()
    }),
    api.watch(classes, unbound),
    api.watch('pods', ({ type, object }) => {
      if (type === 'MODIFIED' && object.status?.phase === 'Running') return
      for (const { persistentVolumeClaim } of object.spec.volumes ?? []) {
        if (persistentVolumeClaim) queue.add(`${object.metadata.namespace}/${persistentVolumeClaim.claimName}`)
      }
    }),
  ])
}

function referenceTo({ metadata: { namespace, name, uid, resourceVersion } }: KubeObject) {
  return { apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace, name, uid, resourceVersion }
}
