/** HTTP inside the cluster: requests are values that pass from pod to pod without a socket. */

/** Header names in lower case; several values of one name stand as several pairs. */
export type Headers = [name: string, value: string][]

export interface HttpRequest {
  method: string
  /** `http` or `https` (https: the caller itself speaks TLS, so a proxy sees bytes only). */
  scheme: 'http' | 'https'
  /** What the caller puts into Host: `payments.production:8080`. */
  authority: string
  /** Path with query. */
  path: string
  headers: Headers
  body: string | Uint8Array
}

export interface HttpResponse {
  status: number
  headers: Headers
  body: string | Uint8Array
}

/**
 * How a connection failed, as a caller sees it. curl's exit codes: dns 6, refused 7, timeout 28, tls 35, empty 52, reset 56.
 * `phase` of reset: `handshake` means that nothing of HTTP was spoken.
 */
export type ConnectionFailure = {
  kind: 'dns' | 'refused' | 'timeout' | 'unreachable' | 'tls' | 'empty' | 'reset'
  message: string
}

export type CallOutcome =
  | { ok: true; response: HttpResponse; milliseconds: number }
  | { ok: false; failure: ConnectionFailure; milliseconds: number }

export function header(headers: Headers, name: string): string | undefined {
  return headers.find(([key]) => key === name)?.[1]
}
