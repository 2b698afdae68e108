import type { HttpRequest } from '../../../kubernetes/index.ts'
import type { Workload } from '../../contract.ts'

/** A request as a routing proxy sees it. */
export interface Incoming {
  request: HttpRequest
  /** Without query. */
  path: string
  query: URLSearchParams
  /** Port that the client called: the service's, or the gateway server's. */
  port: number
  /** `mesh` in a sidecar, else `namespace/name` of the Gateway. */
  gateway: string
  /** Whose proxy this is. */
  proxy: Workload
}

export function incoming(request: HttpRequest, port: number, gateway: string, proxy: Workload): Incoming {
  const mark = request.path.indexOf('?')
  return {
    request,
    path: mark === -1 ? request.path : request.path.slice(0, mark),
    query: new URLSearchParams(mark === -1 ? '' : request.path.slice(mark + 1)),
    port,
    gateway,
    proxy,
  }
}
