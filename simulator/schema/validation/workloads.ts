import { forbidden, invalid, notSupported, required, type Cause } from '../causes.ts'
import { sameTree, type Tree } from '../tree.ts'
import { dnsLabel } from './names.ts'
import { checkTemplate, mustRestartAlways } from './pods.ts'
import { atMostAll, immutable, notNegative, numberOrPercent, optionalText } from './rules.ts'
import { checkSelector, isEmptySelector, selects } from './selectors.ts'
import { checkClaimSpec } from './storage.ts'

/** Selector and template labels fit each other. */
function checkMatch(spec: Tree, selector: Tree, path: string): Cause[] {
  const labels = spec.template?.metadata?.labels
  const chosen = selects(selector, labels ?? {})
  if (chosen === undefined) return [invalid(`${path}.selector`, selector, 'invalid label selector')]
  return chosen
    ? []
    : [invalid(`${path}.template.metadata.labels`, labels ?? null, '`selector` does not match template `labels`')]
}

function checkSelectorOf(spec: Tree, path: string, noun: string): Cause[] {
  if (!spec.selector) return [required(`${path}.selector`)]
  const empty = isEmptySelector(spec.selector)
    ? [invalid(`${path}.selector`, spec.selector, `empty selector is invalid for ${noun}`)]
    : []
  return [...checkSelector(spec.selector, `${path}.selector`), ...empty]
}

const isZero = (value: Tree): boolean => value === 0 || value === '0%'

function checkRolling(rolling: Tree, path: string): Cause[] {
  const { maxUnavailable, maxSurge } = rolling ?? {}
  const both = isZero(maxUnavailable) && isZero(maxSurge)
  return [
    ...numberOrPercent(maxUnavailable, `${path}.maxUnavailable`),
    ...numberOrPercent(maxSurge, `${path}.maxSurge`),
    ...(both ? [invalid(`${path}.maxUnavailable`, maxUnavailable, 'may not be 0 when `maxSurge` is 0')] : []),
    ...atMostAll(maxUnavailable, `${path}.maxUnavailable`),
  ]
}

function checkStrategy({ strategy }: Tree): Cause[] {
  const at = 'spec.strategy'
  if (strategy?.type === 'Recreate')
    return strategy.rollingUpdate
      ? [forbidden(`${at}.rollingUpdate`, "may not be specified when strategy `type` is 'Recreate'")]
      : []
  if (strategy?.type !== 'RollingUpdate')
    return [notSupported(`${at}.type`, strategy?.type ?? '', ['Recreate', 'RollingUpdate'])]
  return checkRolling(strategy.rollingUpdate, `${at}.rollingUpdate`)
}

/** Replicas, selector and template as all kinds of replicated pods have them. */
function checkReplicated(spec: Tree, noun: string): Cause[] {
  return [
    ...notNegative(spec.replicas, 'spec.replicas'),
    ...notNegative(spec.minReadySeconds, 'spec.minReadySeconds'),
    ...checkSelectorOf(spec, 'spec', noun),
    ...checkMatch(spec, spec.selector, 'spec'),
    ...checkTemplate(spec.template, 'spec.template'),
    ...mustRestartAlways(spec.template ?? {}, 'spec.template'),
  ]
}

export function checkDeployment({ spec }: Tree): Cause[] {
  const { progressDeadlineSeconds: deadline, minReadySeconds = 0 } = spec
  const selector = checkSelectorOf(spec, 'spec', 'deployment')
  return [
    ...notNegative(spec.replicas, 'spec.replicas'),
    ...selector,
    ...checkMatch(spec, spec.selector, 'spec'),
    ...checkTemplate(spec.template, 'spec.template'),
    ...mustRestartAlways(spec.template ?? {}, 'spec.template'),
    ...checkStrategy(spec),
    ...notNegative(spec.minReadySeconds, 'spec.minReadySeconds'),
    ...notNegative(spec.revisionHistoryLimit, 'spec.revisionHistoryLimit'),
    ...notNegative(deadline, 'spec.progressDeadlineSeconds'),
    ...(deadline !== undefined && deadline <= minReadySeconds
      ? [invalid('spec.progressDeadlineSeconds', deadline, 'must be greater than minReadySeconds')]
      : []),
  ]
}

export function checkReplicaSet({ spec }: Tree): Cause[] {
  return checkReplicated(spec, 'replicaset')
}

export function checkReplicationController({ spec }: Tree): Cause[] {
  const selector = spec.selector ?? {}
  const empty = Object.keys(selector).length === 0
  const labels = spec.template?.metadata?.labels
  const mismatch = !empty && spec.template && !selects({ matchLabels: selector }, labels)
  return [
    ...notNegative(spec.minReadySeconds, 'spec.minReadySeconds'),
    ...(empty ? [required('spec.selector')] : []),
    ...notNegative(spec.replicas, 'spec.replicas'),
    ...(spec.template ? [] : [required('spec.template')]),
    ...(mismatch
      ? [invalid('spec.template.metadata.labels', labels ?? null, '`selector` does not match template `labels`')]
      : []),
    ...(spec.template
      ? [...checkTemplate(spec.template, 'spec.template'), ...mustRestartAlways(spec.template, 'spec.template')]
      : []),
  ]
}

/** Objects in messages stand as Go has them inside: field names with capitals. */
const goStrategy = ({ type, rollingUpdate }: Tree): Tree => ({
  Type: type ?? '',
  RollingUpdate: rollingUpdate ? goRolling(rollingUpdate) : null,
})
const goRolling = ({ partition = null, maxUnavailable = null }: Tree): Tree => ({
  Partition: partition,
  MaxUnavailable: maxUnavailable,
})

function checkStatefulStrategy(strategy: Tree): Cause[] {
  const at = 'spec.updateStrategy'
  if (strategy.type === 'OnDelete')
    return strategy.rollingUpdate
      ? [
          invalid(
            `${at}.rollingUpdate`,
            goRolling(strategy.rollingUpdate),
            "only allowed for updateStrategy 'RollingUpdate'",
          ),
        ]
      : []
  if (strategy.type === 'RollingUpdate')
    return notNegative(strategy.rollingUpdate?.partition, `${at}.rollingUpdate.partition`)
  return strategy.type ? [invalid(at, goStrategy(strategy), "must be 'RollingUpdate' or 'OnDelete'")] : [required(at)]
}

export function checkStatefulSet({ spec }: Tree): Cause[] {
  const policy = spec.podManagementPolicy
  const claims: Tree[] = spec.volumeClaimTemplates ?? []
  return [
    ...(['OrderedReady', 'Parallel'].includes(policy)
      ? []
      : [invalid('spec.podManagementPolicy', policy, "must be 'OrderedReady' or 'Parallel'")]),
    ...checkStatefulStrategy(spec.updateStrategy ?? {}),
    ...notNegative(spec.replicas, 'spec.replicas'),
    ...notNegative(spec.minReadySeconds, 'spec.minReadySeconds'),
    ...notNegative(spec.ordinals?.start, 'spec.ordinals.start'),
    ...checkSelectorOf(spec, 'spec', 'statefulset'),
    ...checkMatch(spec, spec.selector, 'spec'),
    ...checkTemplate(withClaims(spec.template, claims), 'spec.template'),
    ...mustRestartAlways(spec.template ?? {}, 'spec.template'),
    ...claims.flatMap((claim, i) => checkClaimSpec(claim.spec, `spec.volumeClaimTemplates[${i}].spec`)),
    ...optionalText(spec.serviceName, 'spec.serviceName', dnsLabel),
  ]
}

/** Volumes of claim templates may be mounted like those of the pod. */
function withClaims(template: Tree, claims: Tree[]): Tree {
  if (!template?.spec || claims.length === 0) return template
  const volumes = claims.map(({ metadata }) => ({ name: metadata?.name, emptyDir: {} }))
  return { ...template, spec: { ...template.spec, volumes: [...(template.spec.volumes ?? []), ...volumes] } }
}

const statefulFields = [
  'replicas',
  'ordinals',
  'template',
  'updateStrategy',
  'revisionHistoryLimit',
  'persistentVolumeClaimRetentionPolicy',
  'minReadySeconds',
]

export function checkStatefulSetUpdate({ spec }: Tree, old: Tree): Cause[] {
  const fixed = (part: Tree): Tree =>
    Object.fromEntries(Object.entries(part).filter(([key]) => !statefulFields.includes(key)))
  if (sameTree(fixed(spec), fixed(old.spec))) return []
  return [
    forbidden(
      'spec',
      "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden",
    ),
  ]
}

export function checkDaemonSet({ spec }: Tree): Cause[] {
  const strategy = spec.updateStrategy ?? {}
  const at = 'spec.updateStrategy'
  const { maxUnavailable, maxSurge } = strategy.rollingUpdate ?? {}
  const both = strategy.type === 'RollingUpdate' && isZero(maxUnavailable) && isZero(maxSurge)
  const rolling =
    strategy.type === 'RollingUpdate'
      ? [
          ...numberOrPercent(maxUnavailable, `${at}.rollingUpdate.maxUnavailable`),
          ...numberOrPercent(maxSurge, `${at}.rollingUpdate.maxSurge`),
          ...(both ? [required(`${at}.rollingUpdate.maxUnavailable`, 'cannot be 0 when maxSurge is 0')] : []),
        ]
      : strategy.type === 'OnDelete'
        ? []
        : [notSupported(at, goStrategy(strategy), ['RollingUpdate', 'OnDelete'])]
  return [
    ...checkSelector(spec.selector, 'spec.selector'),
    ...checkMatch(spec, spec.selector, 'spec'),
    ...(spec.selector && isEmptySelector(spec.selector)
      ? [invalid('spec.selector', spec.selector, 'empty selector is invalid for daemonset')]
      : []),
    ...checkTemplate(spec.template, 'spec.template'),
    ...mustRestartAlways(spec.template ?? {}, 'spec.template'),
    ...notNegative(spec.minReadySeconds, 'spec.minReadySeconds'),
    ...rolling,
    ...notNegative(spec.revisionHistoryLimit, 'spec.revisionHistoryLimit'),
  ]
}

export function selectorImmutable(object: Tree, old: Tree): Cause[] {
  return sameTree(object.spec.selector, old.spec.selector) ? [] : [immutable(object.spec.selector, 'spec.selector')]
}
