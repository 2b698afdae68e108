import type { Tree } from '../tree.ts'
import { defaultClaim } from './workloads.ts'

function defaultSecret(secret: Tree): void {
  secret.type ||= 'Opaque'
  for (const [key, text] of Object.entries<string>(secret.stringData ?? {})) {
    secret.data ??= {}
    secret.data[key] = Buffer.from(text).toString('base64')
  }
  delete secret.stringData
}

/** Limits of a range: a maximum is the default limit, the default limit the default request, and failing that the minimum. */
function defaultLimitRange({ spec }: Tree): void {
  for (const limit of spec?.limits ?? [])
    if (limit.type === 'Container') {
      const defaults = { ...limit.max, ...limit.default }
      const requests = { ...limit.min, ...defaults, ...limit.defaultRequest }
      if (Object.keys(defaults).length > 0) limit.default = defaults
      if (Object.keys(requests).length > 0) limit.defaultRequest = requests
    }
}

const rbacGroup = 'rbac.authorization.k8s.io'

function defaultRoleBinding(binding: Tree): void {
  binding.roleRef.apiGroup ||= rbacGroup
  for (const subject of binding.subjects ?? [])
    if (subject.kind === 'User' || subject.kind === 'Group') subject.apiGroup ||= rbacGroup
}

function defaultWebhooks(object: Tree): void {
  for (const webhook of object.webhooks ?? []) {
    webhook.failurePolicy ??= 'Fail'
    webhook.matchPolicy ??= 'Equivalent'
    webhook.namespaceSelector ??= {}
    webhook.objectSelector ??= {}
    webhook.timeoutSeconds ??= 10
    if (object.kind === 'MutatingWebhookConfiguration') webhook.reinvocationPolicy ??= 'Never'
    if (webhook.clientConfig?.service) webhook.clientConfig.service.port ??= 443
    for (const rule of webhook.rules ?? []) rule.scope ??= '*'
  }
}

function defaultMatchResources(match: Tree): void {
  if (!match) return
  match.matchPolicy ??= 'Equivalent'
  match.namespaceSelector ??= {}
  match.objectSelector ??= {}
  for (const rule of [...(match.resourceRules ?? []), ...(match.excludeResourceRules ?? [])]) rule.scope ??= '*'
}

function defaultDefinition(crd: Tree): void {
  const { names } = crd.spec
  names.singular ||= names.kind?.toLowerCase() ?? ''
  names.listKind ||= names.kind ? `${names.kind}List` : ''
  crd.spec.conversion ??= { strategy: 'None' }
  const service = crd.spec.conversion.webhook?.clientConfig?.service
  if (service) service.port ??= 443
}

function defaultCsiDriver({ spec }: Tree): void {
  spec.attachRequired ??= true
  spec.podInfoOnMount ??= false
  spec.storageCapacity ??= false
  spec.volumeLifecycleModes ??= ['Persistent']
  spec.fsGroupPolicy ??= 'ReadWriteOnceWithFSType'
  spec.requiresRepublish ??= false
  spec.seLinuxMount ??= false
}

function defaultPriorityLevel({ spec }: Tree): void {
  const queuing = spec.limited?.limitResponse?.queuing
  if (spec.limited) spec.limited.lendablePercent ??= 0
  if (spec.limited) spec.limited.nominalConcurrencyShares ??= 30
  if (!queuing) return
  queuing.queues ||= 64
  queuing.handSize ||= 8
  queuing.queueLengthLimit ||= 50
}

function defaultDeviceRequests(spec: Tree): void {
  for (const request of spec?.devices?.requests ?? [])
    if (request.exactly) {
      request.exactly.allocationMode ||= 'ExactCount'
      if (request.exactly.allocationMode === 'ExactCount') request.exactly.count ||= 1
    }
}

function defaultVolume({ spec }: Tree): void {
  spec.persistentVolumeReclaimPolicy ||= 'Retain'
  spec.volumeMode ??= 'Filesystem'
  if (spec.hostPath) spec.hostPath.type ??= ''
}

export const clusterDefaults: Record<string, (object: Tree) => void> = {
  'v1 Secret': defaultSecret,
  'v1 PersistentVolumeClaim': defaultClaim,
  'v1 PersistentVolume': defaultVolume,
  'v1 LimitRange': defaultLimitRange,
  'rbac.authorization.k8s.io/v1 RoleBinding': defaultRoleBinding,
  'rbac.authorization.k8s.io/v1 ClusterRoleBinding': defaultRoleBinding,
  'admissionregistration.k8s.io/v1 ValidatingWebhookConfiguration': defaultWebhooks,
  'admissionregistration.k8s.io/v1 MutatingWebhookConfiguration': defaultWebhooks,
  'admissionregistration.k8s.io/v1 ValidatingAdmissionPolicy'({ spec }) {
    spec.failurePolicy ??= 'Fail'
    defaultMatchResources(spec.matchConstraints)
  },
  'admissionregistration.k8s.io/v1 ValidatingAdmissionPolicyBinding': ({ spec }) =>
    defaultMatchResources(spec.matchResources),
  'apiextensions.k8s.io/v1 CustomResourceDefinition': defaultDefinition,
  'apiregistration.k8s.io/v1 APIService'({ spec }) {
    if (spec.service) spec.service.port ??= 443
  },
  'scheduling.k8s.io/v1 PriorityClass': (object) => (object.preemptionPolicy ??= 'PreemptLowerPriority'),
  'storage.k8s.io/v1 StorageClass'(object) {
    object.reclaimPolicy ??= 'Delete'
    object.volumeBindingMode ??= 'Immediate'
  },
  'storage.k8s.io/v1 CSIDriver': defaultCsiDriver,
  'flowcontrol.apiserver.k8s.io/v1 FlowSchema': ({ spec }) => (spec.matchingPrecedence ||= 1000),
  'flowcontrol.apiserver.k8s.io/v1 PriorityLevelConfiguration': defaultPriorityLevel,
  'resource.k8s.io/v1 ResourceClaim': ({ spec }) => defaultDeviceRequests(spec),
  'resource.k8s.io/v1 ResourceClaimTemplate': ({ spec }) => defaultDeviceRequests(spec.spec),
}
