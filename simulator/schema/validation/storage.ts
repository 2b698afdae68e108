import { forbidden, invalid, notSupported, required, type Cause } from '../causes.ts'
import { parseQuantity } from '../quantity.ts'
import { sameTree, type Tree } from '../tree.ts'
import { dnsSubdomain } from './names.ts'
import { oneOf, optionalText } from './rules.ts'
import { checkHostPath } from './volumes.ts'

const modes = ['ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOnce', 'ReadWriteOncePod']

function checkModes(list: Tree, path: string): Cause[] {
  if (!list?.length) return [required(path, 'at least 1 access mode is required')]
  return list.flatMap((mode: string) => (modes.includes(mode) ? [] : [notSupported(path, mode, modes)]))
}

/** Storage must be more than nothing. */
function checkSize(size: Tree, path: string): Cause[] {
  const nanos = parseQuantity(String(size))?.nanos ?? 0n
  return nanos > 0n ? [] : [invalid(path, String(size), 'must be greater than zero')]
}

export function checkClaimSpec(spec: Tree, path: string): Cause[] {
  const size = spec?.resources?.requests?.storage
  return [
    ...checkModes(spec?.accessModes, `${path}.accessModes`),
    ...(size === undefined ? [required(`${path}.resources[storage]`)] : checkSize(size, `${path}.resources[storage]`)),
    ...optionalText(spec?.storageClassName, `${path}.storageClassName`, dnsSubdomain),
    ...(spec?.volumeMode === undefined ? [] : oneOf(spec.volumeMode, `${path}.volumeMode`, ['Block', 'Filesystem'])),
  ]
}

export function checkClaim({ spec }: Tree): Cause[] {
  return checkClaimSpec(spec, 'spec')
}

export function checkClaimUpdate({ spec, status }: Tree, old: Tree): Cause[] {
  const bound = status?.phase === 'Bound' || old.status?.phase === 'Bound'
  // A claim that names no class may be given one later: that is how it takes the default (validateStorageClassUpgradeFromNil).
  const storageClassName = old.spec.storageClassName ?? spec.storageClassName
  const fixed = (part: Tree): Tree => {
    const { volumeAttributesClassName: _v, volumeName: _n, ...rest } = part
    return {
      ...rest,
      storageClassName: rest.storageClassName ?? storageClassName,
      ...(bound && { resources: undefined }),
    }
  }
  if (sameTree(fixed(spec), fixed(old.spec)) && (!old.spec.volumeName || spec.volumeName === old.spec.volumeName))
    return []
  return [
    forbidden(
      'spec',
      'spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims',
    ),
  ]
}

const notSources = new Set(
  'accessModes capacity claimRef mountOptions nodeAffinity persistentVolumeReclaimPolicy storageClassName volumeAttributesClassName volumeMode'.split(
    ' ',
  ),
)

export function checkVolume({ spec }: Tree): Cause[] {
  const sources = Object.keys(spec).filter((name) => !notSources.has(name))
  const capacity = spec.capacity
  const names = Object.keys(capacity ?? {})
  return [
    ...checkModes(spec.accessModes, 'spec.accessModes'),
    ...(names.length === 0 ? [required('spec.capacity')] : []),
    ...(names.length === 1 && names[0] === 'storage'
      ? []
      : [notSupported('spec.capacity', capacity ?? null, ['storage'])]),
    ...names.flatMap((name) => checkSize(capacity[name], `spec.capacity[${name}]`)),
    ...oneOf(spec.persistentVolumeReclaimPolicy, 'spec.persistentVolumeReclaimPolicy', ['Delete', 'Recycle', 'Retain']),
    ...sources.slice(1).map((name) => forbidden(`spec.${name}`, 'may not specify more than 1 volume type')),
    ...(sources.length === 0 ? [required('spec', 'must specify a volume type')] : []),
    ...(spec.hostPath ? checkHostPath(spec.hostPath, 'spec.hostPath') : []),
    ...(spec.local && !spec.nodeAffinity ? [required('spec.nodeAffinity', 'Local volume requires node affinity')] : []),
    ...(spec.hostPath?.path === '/' && spec.persistentVolumeReclaimPolicy === 'Recycle'
      ? [forbidden('spec.persistentVolumeReclaimPolicy', "may not be 'recycle' for a hostPath mount of '/'")]
      : []),
    ...optionalText(spec.storageClassName, 'spec.storageClassName', dnsSubdomain),
  ]
}

export function checkVolumeUpdate({ spec }: Tree, old: Tree): Cause[] {
  const source = (part: Tree): Tree =>
    Object.fromEntries(Object.entries(part).filter(([name]) => !notSources.has(name)))
  if (sameTree(source(spec), source(old.spec))) return []
  return [forbidden('spec.persistentvolumesource', 'spec.persistentvolumesource is immutable after creation')]
}

export function checkStorageClass(object: Tree): Cause[] {
  const topologies: Tree[] = object.allowedTopologies ?? []
  return [
    ...(object.provisioner ? [] : [required('provisioner')]),
    ...oneOf(object.reclaimPolicy, 'reclaimPolicy', ['Delete', 'Retain']),
    ...oneOf(object.volumeBindingMode, 'volumeBindingMode', ['Immediate', 'WaitForFirstConsumer']),
    ...topologies.flatMap((topology, i) =>
      (topology.matchLabelExpressions ?? []).flatMap((expression: Tree, j: number) =>
        expression.values?.length ? [] : [required(`allowedTopologies[${i}].matchLabelExpressions[${j}].values`)],
      ),
    ),
  ]
}

export function checkStorageClassUpdate(object: Tree, old: Tree): Cause[] {
  return ['parameters', 'provisioner', 'reclaimPolicy', 'volumeBindingMode']
    .filter((name) => !sameTree(object[name], old[name]))
    .map((name) => forbidden(name, `updates to ${name} are forbidden.`))
}
