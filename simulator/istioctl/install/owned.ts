import type { NewObject } from '../../kubernetes/index.ts'
import type { KubeClient } from '../kube/client.ts'

/** Kinds that an installer may have made, in the order of their removal. */
const ownedKinds: readonly [apiVersion: string, kind: string][] = [
  ['apps/v1', 'Deployment'],
  ['apps/v1', 'DaemonSet'],
  ['v1', 'Service'],
  ['v1', 'ConfigMap'],
  ['v1', 'Pod'],
  ['v1', 'Secret'],
  ['v1', 'ServiceAccount'],
  ['rbac.authorization.k8s.io/v1', 'RoleBinding'],
  ['rbac.authorization.k8s.io/v1', 'Role'],
  ['policy/v1', 'PodDisruptionBudget'],
  ['autoscaling/v2', 'HorizontalPodAutoscaler'],
  ['admissionregistration.k8s.io/v1', 'MutatingWebhookConfiguration'],
  ['admissionregistration.k8s.io/v1', 'ValidatingWebhookConfiguration'],
  ['rbac.authorization.k8s.io/v1', 'ClusterRole'],
  ['rbac.authorization.k8s.io/v1', 'ClusterRoleBinding'],
]
const crd: [string, string] = ['apiextensions.k8s.io/v1', 'CustomResourceDefinition']

/** All objects of installers with these labels, in the order of their removal; custom resource definitions only when asked for. */
export async function ownedObjects(
  client: KubeClient,
  labels: string,
  options: { crds: boolean },
): Promise<NewObject[]> {
  const kinds = options.crds ? [...ownedKinds, crd] : ownedKinds
  const lists = await Promise.all(kinds.map(([apiVersion, kind]) => client.list(apiVersion, kind, { labels })))
  return lists.flat()
}

/** `apps/v1, Kind=Deployment/istiod.istio-system`, as istioctl names what it removes. */
export function removalName({ apiVersion, kind, metadata }: NewObject): string {
  const group = apiVersion.includes('/') ? apiVersion : `/${apiVersion}`
  return `${group}, Kind=${kind}/${metadata.name ?? ''}.${metadata.namespace ?? ''}`
}
