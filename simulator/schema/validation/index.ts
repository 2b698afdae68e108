/** Validation of built-in kinds, in the sentences of a real API server. */
import { apiVersionOf, type Resource } from '../../kubernetes/index.ts'
import type { Cause } from '../causes.ts'
import type { Tree } from '../tree.ts'
import { checkBinding, checkBindingUpdate, checkRole } from './access.ts'
import * as cluster from './cluster.ts'
import * as configuration from './configuration.ts'
import { checkDefinition, checkDefinitionUpdate } from './definitions.ts'
import * as extensions from './extensions.ts'
import { checkCronJob, checkJob, checkJobUpdate } from './jobs.ts'
import { checkMetadata, checkMetadataUpdate } from './metadata.ts'
import * as network from './network.ts'
import { checkPod, checkPodUpdate, checkTemplate } from './pods.ts'
import { checkAutoscaler, checkDisruptionBudget } from './scaling.ts'
import { checkService, checkServiceUpdate } from './services.ts'
import * as storage from './storage.ts'
import { checkWebhooks } from './webhooks.ts'
import * as workloads from './workloads.ts'

interface Checks {
  check: (object: Tree, old?: Tree) => Cause[]
  update?: (object: Tree, old: Tree) => Cause[]
  /** The rules of change are told before the others. */
  updateFirst?: true
}

const role: Checks = { check: checkRole }
const binding: Checks = { check: checkBinding, update: checkBindingUpdate }
const webhook: Checks = { check: checkWebhooks }

const checks: Record<string, Checks> = {
  'v1 Pod': { check: checkPod, update: checkPodUpdate },
  'v1 PodTemplate': { check: (object) => checkTemplate(object.template, 'template') },
  'v1 ReplicationController': { check: workloads.checkReplicationController },
  'v1 Service': { check: checkService, update: checkServiceUpdate },
  'v1 ConfigMap': { check: configuration.checkConfigMap, update: configuration.checkConfigUpdate },
  'v1 Secret': { check: configuration.checkSecret, update: configuration.checkSecretUpdate },
  'v1 PersistentVolumeClaim': { check: storage.checkClaim, update: storage.checkClaimUpdate },
  'v1 PersistentVolume': { check: storage.checkVolume, update: storage.checkVolumeUpdate },
  'v1 Node': { check: cluster.checkNode },
  'v1 LimitRange': { check: cluster.checkLimitRange },
  'v1 Event': { check: cluster.checkEvent },
  'events.k8s.io/v1 Event': { check: extensions.checkNewEvent },
  'v1 ResourceQuota': { check: extensions.checkQuota },
  'apps/v1 ControllerRevision': { check: extensions.checkControllerRevision },
  'networking.k8s.io/v1 ServiceCIDR': { check: extensions.checkServiceCidr },
  'certificates.k8s.io/v1 CertificateSigningRequest': { check: extensions.checkCertificateRequest },
  'apiregistration.k8s.io/v1 APIService': { check: extensions.checkApiService },
  'flowcontrol.apiserver.k8s.io/v1 PriorityLevelConfiguration': { check: extensions.checkPriorityLevel },
  'admissionregistration.k8s.io/v1 ValidatingAdmissionPolicy': { check: extensions.checkAdmissionPolicy },
  'admissionregistration.k8s.io/v1 ValidatingAdmissionPolicyBinding': { check: extensions.checkAdmissionBinding },
  'v1 Endpoints': { check: network.checkEndpoints },
  'discovery.k8s.io/v1 EndpointSlice': { check: network.checkEndpointSlice },
  'apps/v1 Deployment': { check: workloads.checkDeployment, update: workloads.selectorImmutable },
  'apps/v1 ReplicaSet': { check: workloads.checkReplicaSet, update: workloads.selectorImmutable },
  'apps/v1 StatefulSet': { check: workloads.checkStatefulSet, update: workloads.checkStatefulSetUpdate },
  'apps/v1 DaemonSet': { check: workloads.checkDaemonSet, update: workloads.selectorImmutable, updateFirst: true },
  'batch/v1 Job': { check: checkJob, update: checkJobUpdate },
  'batch/v1 CronJob': { check: checkCronJob },
  'autoscaling/v1 HorizontalPodAutoscaler': { check: checkAutoscaler },
  'autoscaling/v2 HorizontalPodAutoscaler': { check: checkAutoscaler },
  'policy/v1 PodDisruptionBudget': { check: checkDisruptionBudget },
  'networking.k8s.io/v1 Ingress': { check: network.checkIngress },
  'networking.k8s.io/v1 IngressClass': { check: () => [], update: network.checkIngressClassUpdate },
  'networking.k8s.io/v1 NetworkPolicy': { check: network.checkNetworkPolicy },
  'rbac.authorization.k8s.io/v1 Role': role,
  'rbac.authorization.k8s.io/v1 ClusterRole': role,
  'rbac.authorization.k8s.io/v1 RoleBinding': binding,
  'rbac.authorization.k8s.io/v1 ClusterRoleBinding': binding,
  'storage.k8s.io/v1 StorageClass': { check: storage.checkStorageClass, update: storage.checkStorageClassUpdate },
  'scheduling.k8s.io/v1 PriorityClass': { check: cluster.checkPriorityClass, update: cluster.checkPriorityClassUpdate },
  'coordination.k8s.io/v1 Lease': { check: cluster.checkLease },
  'admissionregistration.k8s.io/v1 ValidatingWebhookConfiguration': webhook,
  'admissionregistration.k8s.io/v1 MutatingWebhookConfiguration': webhook,
  'apiextensions.k8s.io/v1 CustomResourceDefinition': { check: checkDefinition, update: checkDefinitionUpdate },
}

/**
 * What is wrong with a defaulted object (`old`: the stored one, on an update). An empty list: nothing. Metadata is checked for objects of
 * every kind, custom ones too; their content is the business of `customSchema`. For the 422 see `invalidError`.
 */
export function validate(
  resource: Pick<Resource, 'group' | 'version' | 'kind' | 'namespaced'>,
  object: Tree,
  old?: Tree,
): Cause[] {
  const { check, update, updateFirst } = checks[`${apiVersionOf(resource)} ${resource.kind}`] ?? {}
  const causes = checkMetadata(resource, object, old !== undefined)
  // Kubernetes looks at what changed in metadata for every kind, and again for each; both say so.
  if (old) causes.push(...checkMetadataUpdate(object, old), ...checkMetadataUpdate(object, old))
  const whole = check?.(object, old) ?? []
  const changes = old && update ? update(object, old) : []
  return [...causes, ...(updateFirst ? [...changes, ...whole] : [...whole, ...changes])]
}
