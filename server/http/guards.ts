import type { MiddlewareHandler } from 'hono'
import { serverError } from '../../protocol/errors/server.ts'

/** Names under which this server may be asked; anything else is somebody's DNS pointing here. */
export type AllowedHost = (host: string) => boolean

/** The values of a Host header that mean the server on `port` of a machine with these names; loopback is always one of them. */
export function allowedHosts(names: readonly string[], port: number): AllowedHost {
  const hosts = [...names, '127.0.0.1', 'localhost', '[::1]'].map((name) => bracketed(name).toLowerCase())
  // Browsers leave HTTP's own port out.
  const allowed = new Set([...hosts.map((name) => `${name}:${port}`), ...(port === 80 ? hosts : [])])
  return (asked) => allowed.has(asked.toLowerCase())
}

function bracketed(host: string): string {
  return host.includes(':') && !host.startsWith('[') ? `[${host}]` : host
}

/** Is a page of this server's own behind this Origin header? */
export function allowedOrigins(isAllowedHost: AllowedHost): (origin: string) => boolean {
  return (origin) => origin.startsWith('http://') && isAllowedHost(origin.slice('http://'.length))
}

/** Refuses requests to a name that is not ours: a page whose name was pointed at this machine cannot read us. */
export function hostGuard(isAllowedHost: AllowedHost): MiddlewareHandler {
  return async (context, next) => {
    const host = context.req.header('host') ?? ''
    if (!isAllowedHost(host)) throw serverError('WRONG_HOST', { host: host.slice(0, 100) })
    await next()
  }
}

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS'])

/** Refuses what another site's page asks for: by Sec-Fetch-Site where the browser sends it, else by Origin. */
export function originGuard(isAllowedOrigin: (origin: string) => boolean): MiddlewareHandler {
  return async (context, next) => {
    const site = context.req.header('sec-fetch-site')
    const origin = context.req.header('origin')
    const foreign =
      (site !== undefined && site !== 'same-origin' && site !== 'none') ||
      (origin !== undefined && !isAllowedOrigin(origin))
    if (foreign && !SAFE_METHODS.has(context.req.method))
      throw serverError('FOREIGN_ORIGIN', { origin: (origin ?? site ?? '').slice(0, 100) })
    await next()
  }
}

/** Nothing inline and nothing of others: neither scripts nor styles. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'self'",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ')

export const securityHeaders: MiddlewareHandler = async (context, next) => {
  await next()
  const { headers } = context.res
  headers.set('Content-Security-Policy', headers.get('Content-Security-Policy') ?? CONTENT_SECURITY_POLICY)
  headers.set('Referrer-Policy', 'no-referrer')
  headers.set('X-Content-Type-Options', 'nosniff')
  headers.set('X-Frame-Options', 'DENY')
  headers.set('Cross-Origin-Opener-Policy', 'same-origin')
  headers.set('Cross-Origin-Resource-Policy', 'same-origin')
}
