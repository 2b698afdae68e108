/** Autoscalers and disruption budgets. */
import { forbidden, invalid, notSupported, required, type Cause } from '../causes.ts'
import type { Tree } from '../tree.ts'
import { atMostAll, each, numberOrPercent } from './rules.ts'
import { checkSelector } from './selectors.ts'

const metricTypes = ['ContainerResource', 'External', 'Object', 'Pods', 'Resource']
const sourceOf = (type: string): string => type.charAt(0).toLowerCase() + type.slice(1)

function checkTarget(target: Tree, path: string): Cause[] {
  const causes: Cause[] = []
  const { averageUtilization, averageValue, value, type } = target ?? {}
  if (!type) causes.push(required(`${path}.type`, 'must specify a metric target type'))
  else if (!['AverageValue', 'Utilization', 'Value'].includes(type))
    causes.push(invalid(`${path}.type`, type, 'must be either Utilization, Value, or AverageValue'))
  if (averageUtilization !== undefined && averageUtilization < 1)
    causes.push(invalid(`${path}.averageUtilization`, averageUtilization, 'must be greater than 0'))
  if (averageUtilization === undefined && averageValue === undefined && value === undefined)
    causes.push(required(`${path}.averageUtilization`, 'must set either a target raw value or a target utilization'))
  if (averageUtilization !== undefined && averageValue !== undefined)
    causes.push(forbidden(`${path}.averageValue`, 'may not set both a target raw value and a target utilization'))
  return causes
}

function checkMetric(metric: Tree, path: string): Cause[] {
  const { type = '' } = metric
  if (type === '')
    return [
      required(`${path}.type`, 'must specify a metric source type'),
      notSupported(`${path}.type`, '', metricTypes),
      notSupported(`${path}.type`, '', metricTypes),
    ]
  if (!metricTypes.includes(type)) return [notSupported(`${path}.type`, type, metricTypes)]
  const name = sourceOf(type)
  const source = metric[name]
  if (!source) return [required(`${path}.${name}`, 'must populate information for the given metric source')]
  const named =
    type.includes('esource') && !source.name ? [required(`${path}.${name}.name`, 'must specify a resource name')] : []
  return [...named, ...checkTarget(source.target, `${path}.${name}.target`)]
}

export function checkAutoscaler({ spec }: Tree): Cause[] {
  const causes: Cause[] = []
  const { minReplicas, maxReplicas = 0, scaleTargetRef = {} } = spec
  const metrics: Tree[] =
    spec.metrics ??
    (spec.targetCPUUtilizationPercentage === undefined
      ? []
      : [
          {
            type: 'Resource',
            resource: {
              name: 'cpu',
              target: { type: 'Utilization', averageUtilization: spec.targetCPUUtilizationPercentage },
            },
          },
        ])
  if (minReplicas !== undefined && minReplicas < 1)
    causes.push(invalid('spec.minReplicas', minReplicas, 'must be greater than or equal to 1'))
  if (maxReplicas < 1) causes.push(invalid('spec.maxReplicas', maxReplicas, 'must be greater than 0'))
  if (minReplicas !== undefined && maxReplicas < minReplicas)
    causes.push(invalid('spec.maxReplicas', maxReplicas, 'must be greater than or equal to `minReplicas`'))
  if (!scaleTargetRef.kind) causes.push(required('spec.scaleTargetRef.kind'))
  if (!scaleTargetRef.name) causes.push(required('spec.scaleTargetRef.name'))
  causes.push(...each(metrics, 'spec.metrics', checkMetric))
  if (minReplicas === 0 && !metrics.some(({ type }) => type === 'Object' || type === 'External'))
    causes.push(
      forbidden(
        'spec.metrics',
        'must specify at least one Object or External metric to support scaling to zero replicas',
      ),
    )
  return causes
}

export function checkDisruptionBudget({ spec }: Tree): Cause[] {
  const causes: Cause[] = []
  if (spec.minAvailable !== undefined && spec.maxUnavailable !== undefined)
    causes.push(invalid('spec', goBudget(spec), 'minAvailable and maxUnavailable cannot be both set'))
  for (const name of ['minAvailable', 'maxUnavailable'])
    if (spec[name] !== undefined)
      causes.push(...numberOrPercent(spec[name], `spec.${name}`), ...atMostAll(spec[name], `spec.${name}`))
  causes.push(...checkSelector(spec.selector, 'spec.selector'))
  const policies = ['AlwaysAllow', 'IfHealthyBudget']
  if (spec.unhealthyPodEvictionPolicy !== undefined && !policies.includes(spec.unhealthyPodEvictionPolicy))
    causes.push(notSupported('spec.unhealthyPodEvictionPolicy', spec.unhealthyPodEvictionPolicy, policies))
  return causes
}

const goBudget = (spec: Tree): Tree => ({
  MinAvailable: spec.minAvailable ?? null,
  Selector: spec.selector ?? null,
  MaxUnavailable: spec.maxUnavailable ?? null,
  UnhealthyPodEvictionPolicy: spec.unhealthyPodEvictionPolicy ?? null,
})
