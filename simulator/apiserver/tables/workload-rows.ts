import type { Tree } from '../../schema/tree.ts'
import { containerCells, firstOf, formatLabels, formatSelector, humanDuration, since } from './format.ts'

type Row = (object: Tree, now: number) => unknown[]
const ageOf = (object: Tree, now: number): string => since(object.metadata.creationTimestamp, now)

const deployment: Row = (object, now) => {
  const { spec, status = {} } = object
  return [
    object.metadata.name,
    `${status.readyReplicas ?? 0}/${spec.replicas ?? 0}`,
    status.updatedReplicas ?? 0,
    status.availableReplicas ?? 0,
    ageOf(object, now),
    ...containerCells(spec.template?.spec),
    formatSelector(spec.selector),
  ]
}

const replicas =
  (selector: (spec: Tree) => string): Row =>
  (object, now) => {
    const { spec, status = {} } = object
    return [
      object.metadata.name,
      spec.replicas ?? 0,
      status.replicas ?? 0,
      status.readyReplicas ?? 0,
      ageOf(object, now),
      ...containerCells(spec.template?.spec),
      selector(spec),
    ]
  }

const statefulSet: Row = (object, now) => [
  object.metadata.name,
  `${object.status?.readyReplicas ?? 0}/${object.spec.replicas ?? 0}`,
  ageOf(object, now),
  ...containerCells(object.spec.template?.spec),
]

const daemonSet: Row = (object, now) => {
  const { spec, status = {} } = object
  return [
    object.metadata.name,
    status.desiredNumberScheduled ?? 0,
    status.currentNumberScheduled ?? 0,
    status.numberReady ?? 0,
    status.updatedNumberScheduled ?? 0,
    status.numberAvailable ?? 0,
    formatLabels(spec.template?.spec?.nodeSelector),
    ageOf(object, now),
    ...containerCells(spec.template?.spec),
    formatSelector(spec.selector),
  ]
}

function jobStatus(job: Tree): string {
  const has = (type: string): boolean =>
    (job.status?.conditions ?? []).some((condition: Tree) => condition.type === type && condition.status === 'True')
  if (has('Complete')) return 'Complete'
  if (has('Failed')) return 'Failed'
  if (job.metadata.deletionTimestamp) return 'Terminating'
  return ['Suspended', 'FailureTarget', 'SuccessCriteriaMet'].find(has) ?? 'Running'
}

function completions({ spec, status = {} }: Tree): string {
  const done = status.succeeded ?? 0
  if (spec.completions !== undefined) return `${done}/${spec.completions}`
  return spec.parallelism > 1 ? `${done}/1 of ${spec.parallelism}` : `${done}/1`
}

function jobDuration({ status = {} }: Tree, now: number): string {
  if (!status.startTime) return ''
  return humanDuration((status.completionTime ? Date.parse(status.completionTime) : now) - Date.parse(status.startTime))
}

const job: Row = (object, now) => [
  object.metadata.name,
  jobStatus(object),
  completions(object),
  jobDuration(object, now),
  ageOf(object, now),
  ...containerCells(object.spec.template?.spec),
  formatSelector(object.spec.selector),
]

const cronJob: Row = (object, now) => {
  const { spec, status = {} } = object
  return [
    object.metadata.name,
    spec.schedule,
    spec.timeZone ?? '<none>',
    spec.suspend ? 'True' : 'False',
    (status.active ?? []).length,
    status.lastScheduleTime ? since(status.lastScheduleTime, now) : '<none>',
    ageOf(object, now),
    ...containerCells(spec.jobTemplate?.spec?.template?.spec),
    formatSelector(spec.jobTemplate?.spec?.selector),
  ]
}

const podTemplate: Row = (object) => [
  object.metadata.name,
  ...containerCells(object.template?.spec),
  formatLabels(object.template?.metadata?.labels),
]

const controllerRevision: Row = (object, now) => {
  const owner = (object.metadata.ownerReferences ?? []).find((reference: Tree) => reference.controller)
  const [group] = owner?.apiVersion?.includes('/') ? owner.apiVersion.split('/') : ['']
  const kind = owner?.kind?.toLowerCase() ?? ''
  return [
    object.metadata.name,
    owner ? `${kind}${group ? `.${group}` : ''}/${owner.name}` : '<none>',
    object.revision,
    ageOf(object, now),
  ]
}

function metricText(metric: Tree, current: Tree): string {
  const source = metric[metric.type.charAt(0).toLowerCase() + metric.type.slice(1)] ?? {}
  const now = current?.[current.type?.charAt(0).toLowerCase() + current.type?.slice(1)]?.current
  const { target = {} } = source
  const label = metric.type === 'Resource' ? `${source.name}: ` : ''
  if (target.averageUtilization !== undefined)
    return `${label}${now?.averageUtilization === undefined ? '<unknown>' : `${now.averageUtilization}%`}/${target.averageUtilization}%`
  if (target.averageValue !== undefined) {
    const average = metric.type === 'Object' || metric.type === 'External' ? ' (avg)' : ''
    return `${label}${now?.averageValue ?? '<unknown>'}/${target.averageValue}${average}`
  }
  return `${label}${now?.value ?? '<unknown>'}/${target.value}`
}

const mostMetricsShown = 2

function metricTexts({ spec, status = {} }: Tree): string {
  if (spec.metrics) {
    const texts = spec.metrics.map((metric: Tree, i: number) => metricText(metric, status.currentMetrics?.[i]))
    return firstOf(texts, mostMetricsShown, '<none>', ', ')
  }
  const current = status.currentCPUUtilizationPercentage
  return `cpu: ${current === undefined ? '<unknown>' : `${current}%`}/${spec.targetCPUUtilizationPercentage}%`
}

const autoscaler: Row = (object, now) => {
  const { spec, status = {} } = object
  return [
    object.metadata.name,
    `${spec.scaleTargetRef.kind}/${spec.scaleTargetRef.name}`,
    metricTexts(object),
    spec.minReplicas === undefined ? '<unset>' : `${spec.minReplicas}`,
    spec.maxReplicas,
    status.currentReplicas ?? 0,
    ageOf(object, now),
  ]
}

const disruptionBudget: Row = (object, now) => [
  object.metadata.name,
  `${object.spec.minAvailable ?? 'N/A'}`,
  `${object.spec.maxUnavailable ?? 'N/A'}`,
  object.status?.disruptionsAllowed ?? 0,
  ageOf(object, now),
]

export const workloadRows: Record<string, Row> = {
  'apps/v1/deployments': deployment,
  'apps/v1/replicasets': replicas((spec) => formatSelector(spec.selector)),
  '/v1/replicationcontrollers': replicas((spec) => formatLabels(spec.selector)),
  'apps/v1/statefulsets': statefulSet,
  'apps/v1/daemonsets': daemonSet,
  'apps/v1/controllerrevisions': controllerRevision,
  'batch/v1/jobs': job,
  'batch/v1/cronjobs': cronJob,
  '/v1/podtemplates': podTemplate,
  'autoscaling/v1/horizontalpodautoscalers': autoscaler,
  'autoscaling/v2/horizontalpodautoscalers': autoscaler,
  'policy/v1/poddisruptionbudgets': disruptionBudget,
}
