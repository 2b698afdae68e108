import { matchesSelector, type AdmissionRequest, type Api, type LabelSelector } from '../../kubernetes/index.ts'

export interface Rule {
  operations: string[]
  apiGroups: string[]
  apiVersions: string[]
  resources: string[]
  scope?: '*' | 'Cluster' | 'Namespaced'
}

export interface Webhook {
  name: string
  clientConfig: {
    service?: { namespace: string; name: string; path?: string; port?: number }
    url?: string
    caBundle?: string
  }
  rules?: Rule[]
  failurePolicy?: 'Fail' | 'Ignore'
  matchPolicy?: 'Exact' | 'Equivalent'
  namespaceSelector?: LabelSelector
  objectSelector?: LabelSelector
  sideEffects?: string
  timeoutSeconds?: number
}

const has = (list: readonly string[], value: string): boolean => list.includes('*') || list.includes(value)

/** Webhooks of a kind of configuration, in the order in which they are asked: configurations by name, then as listed. */
export function webhooksOf(api: Api, kind: 'mutating' | 'validating'): Webhook[] {
  return [...api.list(`${kind}webhookconfigurations.admissionregistration.k8s.io`)]
    .sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1))
    .flatMap((configuration) => (configuration['webhooks'] ?? []) as Webhook[])
}

export function concerns(api: Api, webhook: Webhook, request: AdmissionRequest): boolean {
  // A webhook that could refuse its own removal would lock the cluster.
  if (request.resource.group === 'admissionregistration.k8s.io') return false
  if (!(webhook.rules ?? []).some((rule) => ruleMatches(rule, webhook.matchPolicy ?? 'Equivalent', request)))
    return false
  return namespaceMatches(api, webhook, request) && objectMatches(webhook, request)
}

function ruleMatches(rule: Rule, policy: string, { operation, resource, subresource }: AdmissionRequest): boolean {
  if (!has(rule.operations, operation) || !has(rule.apiGroups, resource.group)) return false
  // All versions of a resource hold the same object: with Equivalent any of them will do.
  if (policy === 'Exact' && !has(rule.apiVersions, resource.version)) return false
  if (rule.scope === 'Cluster' && resource.namespaced) return false
  if (rule.scope === 'Namespaced' && !resource.namespaced) return false
  return rule.resources.some((pattern) => {
    const [wanted = '', wantedSub] = pattern.split('/')
    if (wanted !== '*' && wanted !== resource.plural) return false
    if (wantedSub === undefined) return subresource === undefined
    return wantedSub === '*' || wantedSub === subresource
  })
}

function namespaceMatches(
  api: Api,
  { namespaceSelector }: Webhook,
  { resource, namespace, object, oldObject }: AdmissionRequest,
): boolean {
  const selector = namespaceSelector ?? {}
  if (resource.plural === 'namespaces' && resource.group === '')
    return matchesSelector(selector, (object ?? oldObject)?.metadata.labels)
  if (namespace === undefined) return true
  return matchesSelector(selector, api.get('namespaces', undefined, namespace)?.metadata.labels)
}

function objectMatches({ objectSelector }: Webhook, { object, oldObject }: AdmissionRequest): boolean {
  const selector = objectSelector ?? {}
  return [object, oldObject].some((each) => each !== undefined && matchesSelector(selector, each.metadata.labels))
}
