/** Kinds that extend or steer the API server itself. */
import { duplicate, invalid, notSupported, required, type Cause } from '../causes.ts'
import type { Tree } from '../tree.ts'
import { cidr, qualifiedName } from './names.ts'
import { each, textObeys } from './rules.ts'

export function checkAdmissionPolicy({ spec }: Tree): Cause[] {
  return spec.matchConstraints ? [] : [required('spec.matchConstraints')]
}

const actions = ['Audit', 'Deny', 'Warn']

export function checkAdmissionBinding({ spec }: Tree): Cause[] {
  return each(spec.validationActions, 'spec.validationActions', (action, at) =>
    actions.includes(action) ? [] : [notSupported(at, action, actions)],
  )
}

export function checkCertificateRequest({ spec }: Tree): Cause[] {
  const usages: string[] = spec.usages ?? []
  const causes = usages.length === 0 ? [required('spec.usages')] : []
  for (const [i, usage] of usages.entries())
    if (usages.indexOf(usage) < i) causes.push(duplicate(`spec.usages[${i}]`, usage))
  if (spec.signerName === 'kubernetes.io/legacy-unknown')
    causes.push(
      invalid('spec.signerName', spec.signerName, 'the legacy signerName is not allowed via this API version'),
    )
  return causes
}

export function checkApiService({ spec }: Tree): Cause[] {
  const { groupPriorityMinimum: priority = 0 } = spec
  return priority > 0 && priority < 20000
    ? []
    : [invalid('spec.groupPriorityMinimum', priority, 'must be positive and less than 20000')]
}

export function checkServiceCidr({ spec }: Tree): Cause[] {
  return each(spec.cidrs, 'spec.cidrs', (range, at) => textObeys(range, at, cidr))
}

export function checkControllerRevision(object: Tree): Cause[] {
  return object.data === null || object.data === undefined ? [required('data', 'data is mandatory')] : []
}

export function checkPriorityLevel({ spec }: Tree): Cause[] {
  if (!['Exempt', 'Limited'].includes(spec.type))
    return [notSupported('spec.type', spec.type ?? '', ['Exempt', 'Limited'])]
  return spec.type === 'Limited' && !spec.limited
    ? [required('spec.limited', 'must not be empty when type is Limited')]
    : []
}

/** An event of the newer API; those of the older one have their own rule. */
export function checkNewEvent(event: Tree): Cause[] {
  const causes = event.eventTime ? [] : [required('eventTime')]
  if (event.metadata.namespace !== (event.regarding?.namespace ?? event.metadata.namespace))
    causes.push(invalid('involvedObject.namespace', event.regarding.namespace, 'does not match event.namespace'))
  if (!event.reportingController) causes.push(required('reportingController'))
  causes.push(...textObeys(event.reportingController ?? '', 'reportingController', qualifiedName))
  if (!['Normal', 'Warning'].includes(event.type)) causes.push(invalid('type', '', `has invalid value: ${event.type}`))
  return causes
}

const scopeOperators = ['DoesNotExist', 'Exists', 'In', 'NotIn']
const standardQuota =
  /^((requests|limits)\.)?(cpu|memory|ephemeral-storage)$|^requests\.storage$|^(pods|services|replicationcontrollers|resourcequotas|secrets|configmaps|persistentvolumeclaims)$|^services\.(nodeports|loadbalancers)$|^(requests\.)?hugepages-|^count\//

export function checkQuota({ spec }: Tree): Cause[] {
  const causes = Object.keys(spec?.hard ?? {}).flatMap((name) => {
    const at = `spec.hard[${name}]`
    if (standardQuota.test(name)) return []
    if (name.includes('/') || name.startsWith('requests.')) return textObeys(name, at, qualifiedName)
    return [
      invalid(at, name, 'must be a standard resource type or fully qualified'),
      invalid(at, name, 'must be a standard resource for quota'),
    ]
  })
  const scopes: string[] = spec?.scopes ?? []
  const pairs = [
    ['BestEffort', 'NotBestEffort'],
    ['Terminating', 'NotTerminating'],
  ]
  if (scopes.includes('BestEffort') && Object.keys(spec.hard ?? {}).some((name) => name !== 'pods'))
    causes.push(invalid('spec.scopes', scopes, 'unsupported scope applied to resource'))
  if (pairs.some((pair) => pair.every((scope) => scopes.includes(scope))))
    causes.push(invalid('spec.scopes', scopes, 'conflicting scopes'))
  return [
    ...causes,
    ...(spec?.scopeSelector?.matchExpressions ?? []).flatMap(({ operator }: Tree) =>
      scopeOperators.includes(operator)
        ? []
        : [invalid('spec.scopeSelector.matchExpressions.operator', operator, 'not a valid selector operator')],
    ),
  ]
}
