import { ApiError, badRequest, type KubeObject } from '../../kubernetes/index.ts'
import type { ServedResource } from '../../schema/index.ts'

export interface FieldSelector {
  matches: (object: KubeObject) => boolean
  /** Set when only one name can match: `metadata.name=x`. */
  name: string | undefined
}

interface Term {
  label: string
  value: string
  equal: boolean
}

/** Splits at commas that are not escaped. */
function split(text: string): string[] {
  const terms: string[] = []
  let term = ''
  for (let at = 0; at < text.length; at++) {
    if (text[at] === '\\') term += (text[at++] ?? '') + (text[at] ?? '')
    else if (text[at] === ',') {
      terms.push(term)
      term = ''
    } else term += text[at]
  }
  // Sorted, as the real parser does before it looks at them: it decides which one a refusal names.
  return [...terms, term].filter((each) => each !== '').sort()
}

function parseTerm(term: string, whole: string): Term {
  const match = /^(.*?)(!=|==|=)(.*)$/s.exec(term)
  if (match === null) throw badRequest(`invalid selector: '${whole}'; can't understand '${term}'`)
  const [, label = '', operator, raw = ''] = match
  let value = ''
  for (let at = 0; at < raw.length; at++) {
    const character = raw[at] ?? ''
    if (character === '\\') value += raw[++at] ?? ''
    else if (character === '=') throw badRequest('invalid field selector: unescaped character in value: 61')
    else value += character
  }
  return { label, value, equal: operator !== '!=' }
}

/** Labels whose names are not the path of the field. */
const computed: Record<string, (object: KubeObject) => unknown> = {
  'events source': (event) => event['source']?.component || event['reportingComponent'],
  'events reportingController': (event) => event['reportingComponent'],
  'pods spec.hostNetwork': (pod) => pod['spec']?.hostNetwork ?? false,
  'pods status.podIPs': (pod) => ((pod['status']?.podIPs ?? []) as { ip: string }[]).map(({ ip }) => ip).join(','),
  'nodes spec.unschedulable': (node) => node['spec']?.unschedulable ?? false,
}

function valueOf(resource: ServedResource, label: string, object: KubeObject): string {
  const own = computed[`${resource.plural} ${label}`]
  if (own) return text(own(object))
  const path = label.startsWith('regarding.') ? label.replace('regarding', 'involvedObject') : label
  let value: unknown = object
  for (const step of path.split('.')) value = (value as Record<string, unknown> | undefined)?.[step]
  return text(value)
}

function text(value: unknown): string {
  if (value === undefined || value === null) return ''
  return typeof value === 'string' ? value : JSON.stringify(value)
}

function refuse(resource: ServedResource, label: string): ApiError {
  if (resource.group === 'batch' && resource.kind === 'Job')
    return badRequest(`field label "${label}" not supported for Job`)
  if (resource.group === 'resource.k8s.io' && resource.kind === 'ResourceSlice')
    return badRequest(`field label not supported for resource.k8s.io/v1, Kind=ResourceSlice: ${label}`)
  const own = ['Namespace', 'Node', 'CertificateSigningRequest', 'ReplicationController', 'Service']
  if (resource.fieldSelectors.length > 0 || own.includes(resource.kind))
    return badRequest(`field label not supported: ${label}`)
  return badRequest(`"${label}" is not a known field selector: only "metadata.name", "metadata.namespace"`)
}

/** Reads `metadata.name=x,status.phase!=Running`; 400 when malformed or when the resource does not know the label. */
export function parseFieldSelector(selector: string, resource: ServedResource): FieldSelector {
  const terms = split(selector).map((term) => parseTerm(term, selector))
  const known = [
    'metadata.name',
    ...(resource.namespaced || !resource.fieldSelectors.length ? ['metadata.namespace'] : []),
    ...resource.fieldSelectors,
  ]
  for (const { label } of terms) if (!known.includes(label)) throw refuse(resource, label)
  return {
    matches: (object) =>
      terms.every(({ label, value, equal }) => (valueOf(resource, label, object) === value) === equal),
    name: terms.find(({ label, equal }) => label === 'metadata.name' && equal)?.value,
  }
}
