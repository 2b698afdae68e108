import type { Headers, HttpRequest } from '../../../kubernetes/index.ts'
import type { HeaderOperations } from '../specs.ts'

const lowered = (pairs: Record<string, string> | undefined): Headers =>
  Object.entries(pairs ?? {}).map(([name, value]) => [name.toLowerCase(), value])

/** Removes, then sets, then adds. Names do not mind case. */
export function changeHeaders(headers: Headers, operations: HeaderOperations | undefined): Headers {
  if (operations === undefined) return headers
  const removed = (operations.remove ?? []).map((name) => name.toLowerCase())
  const set = lowered(operations.set)
  const gone = new Set([...removed, ...set.map(([name]) => name)])
  return [...headers.filter(([name]) => !gone.has(name)), ...set, ...lowered(operations.add)]
}

/** As `changeHeaders`; setting `Host` (or `:authority`) changes whom the request names. */
export function changeRequest(request: HttpRequest, operations: HeaderOperations | undefined): HttpRequest {
  if (operations === undefined) return request
  const isHost = (name: string): boolean => ['host', ':authority'].includes(name.toLowerCase())
  const host = Object.entries(operations.set ?? {}).find(([name]) => isHost(name))?.[1]
  const headers = changeHeaders(request.headers, operations)
  if (host === undefined) return { ...request, headers }
  return { ...request, authority: host, headers: headers.filter(([name]) => !isHost(name)) }
}
