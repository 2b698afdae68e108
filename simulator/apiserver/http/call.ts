import type { IncomingMessage, ServerResponse } from 'node:http'
import type { User } from '../../kubernetes/index.ts'
import type { RequestInfo } from './request-info.ts'

/** One HTTP request on its way through the server. */
export interface Call {
  request: IncomingMessage
  response: ServerResponse
  query: URLSearchParams
  info: RequestInfo
  user: User
  /** Texts of Warning headers. */
  warnings: string[]
}
