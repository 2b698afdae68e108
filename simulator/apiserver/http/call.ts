import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { ApiError, type Kubelet, type User } from '../../kubernetes/index.ts'
import type { Authenticator } from '../identity/authenticate.ts'
import type { Kernel } from '../kernel.ts'
import type { RequestInfo } from './request-info.ts'
import type { Identity } from './reviews.ts'

/** What answers the requests of one cluster. */
export interface Server {
  kernel: Kernel
  identity: Identity
  authenticator: Authenticator
  /** Absent: no node runs pods here. */
  kubelet?: Kubelet
}

/** One HTTP request on its way through the server. */
export interface Call {
  request: IncomingMessage
  response: ServerResponse
  query: URLSearchParams
  info: RequestInfo
  user: User
  /** Texts of Warning headers. */
  warnings: string[]
  /** The connection, when the client asked for another protocol (exec, attach, port-forward). */
  upgrade?: { socket: Duplex; head: Buffer }
}

export const methodNotAllowed = (): ApiError =>
  new ApiError(405, 'MethodNotAllowed', 'the server does not allow this method on the requested resource', {})
