import { header, type Headers, type HttpRequest } from '../../../kubernetes/index.ts'
import { milliseconds } from '../duration.ts'
import type { CorsPolicy } from '../specs.ts'
import { stringMatcher } from '../string-match.ts'

function allows(policy: CorsPolicy, origin: string): boolean {
  const origins = policy.allowOrigins ?? (policy.allowOrigin ?? []).map((exact) => ({ exact }))
  return origins.some((match) => ('exact' in match && match.exact === '*') || stringMatcher(match)(origin))
}

/** Headers for the answer to a request of that origin, and whether the request is a preflight that the proxy answers itself. */
export function cors(policy: CorsPolicy, request: HttpRequest): { preflight: boolean; headers: Headers } | undefined {
  const origin = header(request.headers, 'origin')
  if (origin === undefined || !allows(policy, origin)) return undefined
  const preflight =
    request.method === 'OPTIONS' && header(request.headers, 'access-control-request-method') !== undefined
  const headers: Headers = [['access-control-allow-origin', origin]]
  const list = (name: string, values: readonly string[] | undefined): void => {
    if (values !== undefined && values.length > 0) headers.push([name, values.join(',')])
  }
  if (policy.allowCredentials === true) headers.push(['access-control-allow-credentials', 'true'])
  if (preflight) {
    list('access-control-allow-methods', policy.allowMethods)
    list('access-control-allow-headers', policy.allowHeaders)
    const age = milliseconds(policy.maxAge)
    if (age !== undefined) headers.push(['access-control-max-age', String(age / 1000)])
  } else list('access-control-expose-headers', policy.exposeHeaders)
  return { preflight, headers }
}
