import { baseline, capabilities, hostPathVolumes, namesWhere, seccompBaseline, type Check } from './baseline.ts'
import { containersOf, named, quoted } from './pod.ts'

const allowedVolumes = new Set(
  'configMap csi downwardAPI emptyDir ephemeral image persistentVolumeClaim projected secret'.split(' '),
)

const allowPrivilegeEscalation: Check = (spec) => {
  const names = namesWhere(spec, ({ securityContext }) => securityContext?.allowPrivilegeEscalation !== false)
  if (names.length === 0) return undefined
  return {
    reason: 'allowPrivilegeEscalation != false',
    detail: `${named('container', names)} must set securityContext.allowPrivilegeEscalation=false`,
  }
}

const capabilitiesRestricted: Check = (spec) => {
  const keep = namesWhere(spec, ({ securityContext }) => !securityContext?.capabilities?.drop?.includes('ALL'))
  const added = (add: string[] = []): string[] => add.filter((each) => each !== 'NET_BIND_SERVICE')
  const adding = namesWhere(spec, ({ securityContext }) => added(securityContext?.capabilities?.add).length > 0)
  const all = [
    ...new Set(containersOf(spec).flatMap(({ securityContext }) => added(securityContext?.capabilities?.add))),
  ].sort()
  const details = [
    ...(keep.length > 0 ? [`${named('container', keep)} must set securityContext.capabilities.drop=["ALL"]`] : []),
    ...(adding.length > 0
      ? [`${named('container', adding)} must not include ${quoted(all)} in securityContext.capabilities.add`]
      : []),
  ]
  return details.length === 0 ? undefined : { reason: 'unrestricted capabilities', detail: details.join('; ') }
}

const restrictedVolumes: Check = ({ volumes = [] }) => {
  const typeOf = (volume: Record<string, unknown>): string =>
    Object.keys(volume).find((key) => key !== 'name') ?? 'emptyDir'
  const bad = volumes.filter((volume) => !allowedVolumes.has(typeOf(volume)))
  if (bad.length === 0) return undefined
  const types = [...new Set(bad.map(typeOf))].sort()
  const verb = bad.length === 1 ? 'uses' : 'use'
  const noun = types.length === 1 ? 'type' : 'types'
  return {
    reason: 'restricted volume types',
    detail: `${named(
      'volume',
      bad.map((volume) => String(volume['name'])),
    )} ${verb} restricted volume ${noun} ${quoted(types)}`,
  }
}

const runAsNonRoot: Check = (spec) => {
  const ofPod = spec.securityContext?.runAsNonRoot
  const explicit = namesWhere(spec, ({ securityContext }) => securityContext?.runAsNonRoot === false)
  const setters = [...(ofPod === false ? ['pod'] : []), ...(explicit.length > 0 ? [named('container', explicit)] : [])]
  const reason = 'runAsNonRoot != true'
  if (setters.length > 0)
    return { reason, detail: `${setters.join(' and ')} must not set securityContext.runAsNonRoot=false` }
  if (ofPod === true) return undefined
  const silent = namesWhere(spec, ({ securityContext }) => securityContext?.runAsNonRoot === undefined)
  return silent.length === 0
    ? undefined
    : { reason, detail: `pod or ${named('container', silent)} must set securityContext.runAsNonRoot=true` }
}

const runAsUser: Check = (spec) => {
  const names = namesWhere(spec, ({ securityContext }) => securityContext?.runAsUser === 0)
  const setters = [
    ...(spec.securityContext?.runAsUser === 0 ? ['pod'] : []),
    ...(names.length > 0 ? [named('container', names)] : []),
  ]
  return setters.length === 0
    ? undefined
    : { reason: 'runAsUser=0', detail: `${setters.join(' and ')} must not set runAsUser=0` }
}

const seccompRestricted: Check = (spec) => {
  const allowed = (type: string | undefined): boolean => type === 'RuntimeDefault' || type === 'Localhost'
  const ofPod = spec.securityContext?.seccompProfile?.type
  const wrong = namesWhere(
    spec,
    ({ securityContext }) =>
      securityContext?.seccompProfile?.type !== undefined && !allowed(securityContext.seccompProfile.type),
  )
  const setters = [
    ...(ofPod !== undefined && !allowed(ofPod) ? ['pod'] : []),
    ...(wrong.length > 0 ? [named('container', wrong)] : []),
  ]
  const reason = 'seccompProfile'
  if (setters.length > 0)
    return {
      reason,
      detail: `${setters.join(' and ')} must not set securityContext.seccompProfile.type to "Unconfined"`,
    }
  if (allowed(ofPod)) return undefined
  const silent = namesWhere(spec, ({ securityContext }) => securityContext?.seccompProfile?.type === undefined)
  if (silent.length === 0) return undefined
  return {
    reason,
    detail: `pod or ${named('container', silent)} must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"`,
  }
}

/** Rules of the baseline that have a stricter form here. */
const replaced = new Set<Check>([capabilities, hostPathVolumes, seccompBaseline])

export const restricted: readonly Check[] = [
  ...baseline.filter((check) => !replaced.has(check)),
  allowPrivilegeEscalation,
  capabilitiesRestricted,
  restrictedVolumes,
  runAsNonRoot,
  runAsUser,
  seccompRestricted,
]
