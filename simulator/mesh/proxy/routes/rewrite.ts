import { RE2JS } from 're2js'
import type { HttpRequest } from '../../../kubernetes/index.ts'
import { hostOf } from '../hosts.ts'
import type { HttpMatchRequest, HttpRouteSpec } from '../specs.ts'

type Rewrite = NonNullable<HttpRouteSpec['rewrite']>
type Redirect = NonNullable<HttpRouteSpec['redirect']>

function splitQuery(path: string): [path: string, query: string] {
  const mark = path.indexOf('?')
  return mark === -1 ? [path, ''] : [path.slice(0, mark), path.slice(mark)]
}

function rewritePath(path: string, rewrite: Rewrite, match: HttpMatchRequest | undefined): string {
  const { uri, uriRegexRewrite } = rewrite
  if (uriRegexRewrite?.match !== undefined) {
    try {
      const replacement = (uriRegexRewrite.rewrite ?? '').replaceAll('$', String.raw`\$`).replaceAll(/\\(\d)/g, '$$$1')
      return RE2JS.compile(uriRegexRewrite.match).matcher(path).replaceAll(replacement)
    } catch {
      return path
    }
  }
  if (uri === undefined) return path
  if (match?.uri?.exact !== undefined || match?.uri?.regex !== undefined) return uri
  const prefix = match?.uri?.prefix ?? '/'
  const rest = path.slice(prefix.length)
  // `/foo` to `/` must not make `//bar` of `/foo/bar`. Source: route.go `prefixRewriteToRoot`.
  if (uri === '/' && !prefix.endsWith('/')) return rest.startsWith('/') ? rest : `/${rest}`
  return `${uri}${rest}`
}

/** The request under its new path and host; the old path is kept in x-envoy-original-path, as Envoy does. */
export function rewriteRequest(
  request: HttpRequest,
  rewrite: Rewrite,
  match: HttpMatchRequest | undefined,
): HttpRequest {
  const [path, query] = splitQuery(request.path)
  const changed = rewritePath(path, rewrite, match) + query
  return {
    ...request,
    authority: rewrite.authority ?? request.authority,
    path: changed,
    headers:
      changed === request.path
        ? request.headers
        : [...request.headers, ['x-envoy-original-path', request.path] as [string, string]],
  }
}

/** Where a redirect points: absolute, with the query kept unless the new path has one. */
export function redirectLocation(request: HttpRequest, redirect: Redirect): string {
  const scheme = redirect.scheme ?? request.scheme
  const [path, query] = splitQuery(request.path)
  const target = redirect.uri ?? path
  const authority = redirect.authority ?? hostOf(request.authority)
  const given = request.authority.slice(hostOf(request.authority).length)
  let port = redirect.authority === undefined && redirect.scheme === undefined ? given : ''
  if (redirect.port !== undefined && redirect.port !== 0) port = `:${redirect.port}`
  if (redirect.derivePort === 'FROM_PROTOCOL_DEFAULT') port = ''
  if ((scheme === 'http' && port === ':80') || (scheme === 'https' && port === ':443')) port = ''
  return `${scheme}://${authority}${port}${target}${target.includes('?') ? '' : query}`
}
