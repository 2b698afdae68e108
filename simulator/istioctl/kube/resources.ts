import type { NewObject } from '../../kubernetes/index.ts'

/** Plural and scope of the kinds that istioctl reads or writes; plurals are regular unless named here. */
const clusterScoped: readonly string[] = [
  'Namespace',
  'Node',
  'ClusterRole',
  'ClusterRoleBinding',
  'CustomResourceDefinition',
  'MutatingWebhookConfiguration',
  'ValidatingWebhookConfiguration',
]
const irregular: Readonly<Record<string, string>> = {
  NetworkPolicy: 'networkpolicies',
  Ingress: 'ingresses',
}

/** `VirtualService` -> `virtualservices`, `AuthorizationPolicy` -> `authorizationpolicies`. */
export function pluralOf(kind: string): string {
  const lower = kind.toLowerCase()
  return (
    irregular[kind] ??
    (/[^aeiou]y$/.test(lower) ? `${lower.slice(0, -1)}ies` : lower.endsWith('s') ? `${lower}es` : `${lower}s`)
  )
}

/** `/apis/apps/v1/namespaces/NS/deployments`, without the namespace for all or for cluster-scoped kinds. */
export function collectionPath(apiVersion: string, kind: string, namespace?: string): string {
  const root = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`
  const scope = namespace === undefined || clusterScoped.includes(kind) ? '' : `/namespaces/${namespace}`
  return `${root}${scope}/${pluralOf(kind)}`
}

export function objectPath(object: NewObject): string {
  return `${collectionPath(object.apiVersion, object.kind, object.metadata.namespace)}/${object.metadata.name ?? ''}`
}
