/** Nodes, priority classes, leases, quotas' ranges, events. */
import { duplicate, forbidden, invalid, notSupported, required, type Cause } from '../causes.ts'
import { compareQuantities } from '../quantity.ts'
import type { Tree } from '../tree.ts'
import { cidr, labelValue, qualifiedName } from './names.ts'
import { each, immutable, notNegative, oneOf, textObeys } from './rules.ts'
import { taintEffects } from './scheduling.ts'

export function checkNode({ spec }: Tree): Cause[] {
  const seen = new Set<string>()
  const taints = each(spec?.taints, 'metadata.taints', (taint, at) => {
    const causes = taint.key ? textObeys(taint.key, `${at}.key`, qualifiedName) : [required(`${at}.key`)]
    causes.push(...labelValue(taint.value ?? '').map((text) => invalid(`${at}.value`, taint.value, text)))
    if (!taint.effect) causes.push(required(`${at}.effect`))
    else if (!taintEffects.includes(taint.effect)) causes.push(notSupported(`${at}.effect`, taint.effect, taintEffects))
    const pair = `${taint.key}:${taint.effect}`
    const shown = { Key: taint.key, Value: taint.value ?? '', Effect: taint.effect, TimeAdded: taint.timeAdded ?? null }
    if (seen.has(pair)) {
      const cause = duplicate(at, shown)
      causes.push({ ...cause, message: `${cause.message}: taints must be unique by key and effect pair` })
    }
    seen.add(pair)
    return causes
  })
  const ranges = spec?.podCIDRs ?? (spec?.podCIDR ? [spec.podCIDR] : [])
  return [...taints, ...each(ranges, 'spec.podCIDRs', (range, at) => textObeys(range, at, cidr))]
}

const highestPriority = 1_000_000_000

export function checkPriorityClass(object: Tree): Cause[] {
  const causes: Cause[] = []
  const { name = '' } = object.metadata
  if (name.startsWith('system-') && name !== 'system-node-critical' && name !== 'system-cluster-critical')
    causes.push(
      forbidden(
        'metadata.name',
        `priority class names with 'system-' prefix are reserved for system use only. error: ${name} is not a known system priority class`,
      ),
    )
  else if (!name.startsWith('system-') && object.value > highestPriority)
    causes.push(forbidden('value', `maximum allowed value of a user defined priority is ${highestPriority}`))
  if (object.preemptionPolicy !== undefined)
    causes.push(...oneOf(object.preemptionPolicy, 'preemptionPolicy', ['Never', 'PreemptLowerPriority']))
  return causes
}

export function checkPriorityClassUpdate(object: Tree, old: Tree): Cause[] {
  const causes =
    (object.value ?? 0) === (old.value ?? 0) ? [] : [forbidden('value', 'may not be changed in an update.')]
  if (object.preemptionPolicy !== old.preemptionPolicy)
    causes.push(immutable(object.preemptionPolicy, 'preemptionPolicy'))
  return causes
}

export function checkLease({ spec }: Tree): Cause[] {
  const duration = spec?.leaseDurationSeconds
  return [
    ...(duration !== undefined && duration <= 0
      ? [invalid('spec.leaseDurationSeconds', duration, 'must be greater than 0')]
      : []),
    ...notNegative(spec?.leaseTransitions, 'spec.leaseTransitions'),
  ]
}

export function checkLimitRange({ spec }: Tree): Cause[] {
  const types = new Set<string>()
  return each(spec?.limits, 'spec.limits', (limit, at) => {
    const causes: Cause[] = []
    if (types.has(limit.type)) causes.push(duplicate(`${at}.type`, limit.type))
    types.add(limit.type)
    if (limit.type === 'Pod')
      for (const name of ['default', 'defaultRequest'])
        if (limit[name]) causes.push(forbidden(`${at}.${name}`, "may not be specified when `type` is 'Pod'"))
    if (limit.type === 'PersistentVolumeClaim' && !limit.min?.storage && !limit.max?.storage)
      causes.push(
        required(`${at}.limits`, 'either minimum or maximum storage value is required, but neither was provided'),
      )
    return [...causes, ...checkBounds(limit, at)]
  })
}

function checkBounds(limit: Tree, path: string): Cause[] {
  const names = new Set(['max', 'min', 'default', 'defaultRequest'].flatMap((part) => Object.keys(limit[part] ?? {})))
  return [...names].sort().flatMap((name) => {
    const causes: Cause[] = []
    const [max, min, standard, request] = [
      limit.max?.[name],
      limit.min?.[name],
      limit.default?.[name],
      limit.defaultRequest?.[name],
    ]
    if (max && min && compareQuantities(min, max) > 0)
      causes.push(invalid(`${path}.min[${name}]`, min, `min value ${min} is greater than max value ${max}`))
    if (max && request && compareQuantities(request, max) > 0)
      causes.push(
        invalid(
          `${path}.defaultRequest[${name}]`,
          request,
          `default request value ${request} is greater than max value ${max}`,
        ),
      )
    if (max && standard && compareQuantities(standard, max) > 0)
      // Kubernetes shows the maximum where the default belongs.
      causes.push(
        invalid(`${path}.default[${name}]`, max, `default value ${standard} is greater than max value ${max}`),
      )
    return causes
  })
}

export function checkEvent(event: Tree): Cause[] {
  const { namespace = '' } = event.involvedObject ?? {}
  return namespace === '' || namespace === event.metadata.namespace
    ? []
    : [invalid('involvedObject.namespace', namespace, 'does not match event.namespace')]
}
