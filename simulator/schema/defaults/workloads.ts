import type { Tree } from '../tree.ts'
import { defaultPodSpec } from './pod.ts'

function defaultDeployment({ spec }: Tree): void {
  defaultPodSpec(spec.template?.spec)
  spec.replicas ??= 1
  spec.strategy ??= {}
  spec.strategy.type ||= 'RollingUpdate'
  if (spec.strategy.type === 'RollingUpdate') {
    const rolling = (spec.strategy.rollingUpdate ??= {})
    rolling.maxUnavailable ??= '25%'
    rolling.maxSurge ??= '25%'
  }
  spec.revisionHistoryLimit ??= 10
  spec.progressDeadlineSeconds ??= 600
}

function defaultStatefulSet({ spec }: Tree): void {
  defaultPodSpec(spec.template?.spec)
  for (const claim of spec.volumeClaimTemplates ?? []) {
    claim.apiVersion = 'v1'
    claim.kind = 'PersistentVolumeClaim'
    defaultClaim(claim)
  }
  spec.podManagementPolicy ||= 'OrderedReady'
  spec.updateStrategy ??= {}
  spec.updateStrategy.type ||= 'RollingUpdate'
  if (spec.updateStrategy.type === 'RollingUpdate') {
    spec.updateStrategy.rollingUpdate ??= {}
    spec.updateStrategy.rollingUpdate.partition ??= 0
  }
  spec.persistentVolumeClaimRetentionPolicy ??= {}
  spec.persistentVolumeClaimRetentionPolicy.whenDeleted ||= 'Retain'
  spec.persistentVolumeClaimRetentionPolicy.whenScaled ||= 'Retain'
  spec.replicas ??= 1
  spec.revisionHistoryLimit ??= 10
}

/** A claim by itself or in a StatefulSet: the volume mode, and a status that is pending. */
export function defaultClaim(claim: Tree): void {
  claim.spec.volumeMode ??= 'Filesystem'
  claim.status ??= {}
  claim.status.phase ||= 'Pending'
}

function defaultDaemonSet({ spec }: Tree): void {
  defaultPodSpec(spec.template?.spec)
  spec.updateStrategy ??= {}
  spec.updateStrategy.type ||= 'RollingUpdate'
  if (spec.updateStrategy.type === 'RollingUpdate') {
    const rolling = (spec.updateStrategy.rollingUpdate ??= {})
    rolling.maxUnavailable ??= 1
    rolling.maxSurge ??= 0
  }
  spec.revisionHistoryLimit ??= 10
}

const largestInt32 = 2147483647

function defaultJobSpec(spec: Tree): void {
  if (!spec) return
  // Jobs have no default restart policy: Always would be refused.
  defaultPodSpec(spec.template?.spec, '')
  if (spec.template?.spec?.restartPolicy === '') delete spec.template.spec.restartPolicy
  for (const rule of spec.podFailurePolicy?.rules ?? [])
    for (const condition of rule.onPodConditions ?? []) condition.status ||= 'True'
}

function defaultJob({ spec }: Tree): void {
  defaultJobSpec(spec)
  if (spec.completions === undefined && spec.parallelism === undefined) spec.completions = 1
  spec.parallelism ??= 1
  spec.backoffLimit ??= spec.backoffLimitPerIndex === undefined ? 6 : largestInt32
  spec.completionMode ||= 'NonIndexed'
  spec.suspend ??= false
  spec.podReplacementPolicy ??= spec.podFailurePolicy ? 'Failed' : 'TerminatingOrFailed'
  spec.manualSelector ??= false
}

function defaultCronJob({ spec }: Tree): void {
  defaultJobSpec(spec.jobTemplate?.spec)
  spec.concurrencyPolicy ||= 'Allow'
  spec.suspend ??= false
  spec.successfulJobsHistoryLimit ??= 3
  spec.failedJobsHistoryLimit ??= 1
}

function defaultReplicaSet({ spec }: Tree): void {
  defaultPodSpec(spec.template?.spec)
  spec.replicas ??= 1
}

const scalingRules = (policies: Tree[]): Tree => ({ selectPolicy: 'Max', policies })

function defaultBehavior(behavior: Tree): void {
  if (!behavior) return
  const up = scalingRules([
    { type: 'Pods', value: 4, periodSeconds: 15 },
    { type: 'Percent', value: 100, periodSeconds: 15 },
  ])
  behavior.scaleUp = { stabilizationWindowSeconds: 0, ...up, ...behavior.scaleUp }
  behavior.scaleDown = {
    ...scalingRules([{ type: 'Percent', value: 100, periodSeconds: 15 }]),
    ...behavior.scaleDown,
  }
}

function defaultAutoscaler({ spec }: Tree): void {
  spec.minReplicas ??= 1
  if (!spec.metrics || spec.metrics.length === 0)
    spec.metrics = [
      { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } } },
    ]
  defaultBehavior(spec.behavior)
}

function defaultOldAutoscaler({ spec }: Tree): void {
  spec.minReplicas ??= 1
  spec.targetCPUUtilizationPercentage ??= 80
}

export const workloadDefaults: Record<string, (object: Tree) => void> = {
  'apps/v1 Deployment': defaultDeployment,
  'apps/v1 StatefulSet': defaultStatefulSet,
  'apps/v1 DaemonSet': defaultDaemonSet,
  'apps/v1 ReplicaSet': defaultReplicaSet,
  'batch/v1 Job': defaultJob,
  'batch/v1 CronJob': defaultCronJob,
  'autoscaling/v2 HorizontalPodAutoscaler': defaultAutoscaler,
  'autoscaling/v1 HorizontalPodAutoscaler': defaultOldAutoscaler,
}
