/** What a URL asks for, as the API server reads it (apiserver `pkg/endpoints/request/requestinfo.go`). */
export interface RequestInfo {
  path: string
  /** The authorizer's verb: `get list watch create update patch delete deletecollection`, or the method in lower case for other paths. */
  verb: string
  /** Absent for paths that name no resource. */
  resource?: {
    group: string
    version: string
    plural: string
    namespace: string | undefined
    name: string | undefined
    subresource: string | undefined
    /** What follows the subresource: the path of a proxied request. */
    rest: string[]
  }
}

const verbs: Record<string, string> = {
  POST: 'create',
  PUT: 'update',
  PATCH: 'patch',
  DELETE: 'delete',
  GET: 'get',
  HEAD: 'get',
}
/** `namespaces/NAME/WORD` where WORD belongs to the namespace itself. */
const namespaceSubresources = new Set(['status', 'finalize'])
const truthy = (value: string | null): boolean =>
  value !== null && !['', '0', 'false', 'f', 'F', 'False', 'FALSE'].includes(value)

/** `watch=maybe` counts as true, as it does there. */
export function wantsWatch(query: URLSearchParams): boolean {
  return query.has('watch') && (query.get('watch') === '' || truthy(query.get('watch')))
}

export function readRequestInfo(method: string, path: string, query: URLSearchParams): RequestInfo {
  const parts = path
    .split('/')
    .filter((part) => part !== '')
    .map(decodeURIComponent)
  const other: RequestInfo = { path, verb: method.toLowerCase() }
  if (parts[0] !== 'api' && parts[0] !== 'apis') return other
  const skip = parts[0] === 'api' ? 2 : 3
  if (parts.length <= skip) return other
  const [group, version] = parts[0] === 'api' ? ['', parts[1]] : [parts[1], parts[2]]
  let left = parts.slice(skip)
  const watchPath = left[0] === 'watch'
  if (watchPath) left = left.slice(1)
  let namespace: string | undefined
  if (left[0] === 'namespaces' && left[1] !== undefined) {
    namespace = left[1]
    if (left[2] !== undefined && !namespaceSubresources.has(left[2])) left = left.slice(2)
  }
  const [plural = '', name, subresource, ...rest] = left
  if (plural === '') return other
  const resource = { group: group ?? '', version: version ?? '', plural, namespace, name, subresource, rest }
  return { path, resource, verb: verbOf(method, name, watchPath || wantsWatch(query)) }
}

function verbOf(method: string, name: string | undefined, watch: boolean): string {
  const verb = verbs[method] ?? method.toLowerCase()
  if (verb === 'get' && watch) return 'watch'
  if (name !== undefined) return verb
  if (verb === 'get') return 'list'
  return verb === 'delete' ? 'deletecollection' : verb
}
