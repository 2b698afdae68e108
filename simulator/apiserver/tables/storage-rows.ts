import type { Tree } from '../../schema/tree.ts'
import { since } from './format.ts'

type Row = (object: Tree, now: number) => unknown[]
const ageOf = (object: Tree, now: number): string => since(object.metadata.creationTimestamp, now)

const shortModes: Record<string, string> = {
  ReadWriteOnce: 'RWO',
  ReadOnlyMany: 'ROX',
  ReadWriteMany: 'RWX',
  ReadWriteOncePod: 'RWOP',
}
const modes = (list: string[] = []): string =>
  Object.keys(shortModes)
    .filter((mode) => list.includes(mode))
    .map((mode) => shortModes[mode])
    .join(',')

const phase = (object: Tree): string =>
  object.metadata.deletionTimestamp ? 'Terminating' : (object.status?.phase ?? '')
const storageClassOf = (object: Tree): string =>
  object.metadata.annotations?.['volume.beta.kubernetes.io/storage-class'] ?? object.spec.storageClassName ?? ''

const claim: Row = (object, now) => {
  const bound = Boolean(object.spec.volumeName)
  return [
    object.metadata.name,
    phase(object),
    object.spec.volumeName ?? '',
    bound ? (object.status?.capacity?.storage ?? '') : '',
    bound ? modes(object.status?.accessModes) : '',
    storageClassOf(object),
    object.spec.volumeAttributesClassName ?? '<unset>',
    ageOf(object, now),
    object.spec.volumeMode ?? '<unset>',
  ]
}

const volume: Row = (object, now) => {
  const { claimRef } = object.spec
  return [
    object.metadata.name,
    object.spec.capacity?.storage ?? '',
    modes(object.spec.accessModes),
    object.spec.persistentVolumeReclaimPolicy ?? '',
    phase(object),
    claimRef ? `${claimRef.namespace}/${claimRef.name}` : '',
    storageClassOf(object),
    object.spec.volumeAttributesClassName ?? '<unset>',
    object.status?.reason ?? '',
    ageOf(object, now),
    object.spec.volumeMode ?? '<unset>',
  ]
}

const storageClass: Row = (object, now) => {
  const isDefault = object.metadata.annotations?.['storageclass.kubernetes.io/is-default-class'] === 'true'
  return [
    object.metadata.name + (isDefault ? ' (default)' : ''),
    object.provisioner,
    object.reclaimPolicy ?? 'Delete',
    object.volumeBindingMode ?? 'Immediate',
    object.allowVolumeExpansion ?? false,
    ageOf(object, now),
  ]
}

const csiDriver: Row = (object, now) => {
  const { spec } = object
  const audiences = (spec.tokenRequests ?? []).map(({ audience }: Tree) => audience)
  return [
    object.metadata.name,
    spec.attachRequired ?? true,
    spec.podInfoOnMount ?? false,
    spec.storageCapacity ?? false,
    audiences.join(',') || '<unset>',
    spec.requiresRepublish ?? false,
    (spec.volumeLifecycleModes ?? []).join(',') || '<unset>',
    ageOf(object, now),
  ]
}

const attachment: Row = (object, now) => [
  object.metadata.name,
  object.spec.attacher,
  object.spec.source.persistentVolumeName ?? '',
  object.spec.nodeName,
  object.status?.attached ?? false,
  ageOf(object, now),
]

export const storageRows: Record<string, Row> = {
  '/v1/persistentvolumeclaims': claim,
  '/v1/persistentvolumes': volume,
  'storage.k8s.io/v1/storageclasses': storageClass,
  'storage.k8s.io/v1/csidrivers': csiDriver,
  'storage.k8s.io/v1/csinodes': (object, now) => [
    object.metadata.name,
    (object.spec.drivers ?? []).length,
    ageOf(object, now),
  ],
  'storage.k8s.io/v1/volumeattachments': attachment,
  'storage.k8s.io/v1/volumeattributesclasses': (object, now) => [
    object.metadata.name,
    object.driverName,
    ageOf(object, now),
  ],
}
