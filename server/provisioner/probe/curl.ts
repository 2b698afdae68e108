import type { ProbeRequest } from '../../../protocol/probe.ts'

export const DEFAULT_TIMEOUT_MILLISECONDS = 5000
const LARGEST_ANSWER_BYTES = 64 << 20
/** In curl's configuration: where the number of the request stands. */
export const NUMBER = '@number@'

/**
 * curl's configuration of one request. It has a connection of its own, so that whatever spreads connections over instances spreads
 * these too. Files are relative to the folder in which curl runs: the request's body is in `payload`.
 */
export function curlConfig(request: ProbeRequest): string {
  const { url, method = 'GET', headers = {}, body, timeoutMilliseconds = DEFAULT_TIMEOUT_MILLISECONDS } = request
  const names = new Set(Object.keys(headers).map((name) => name.toLowerCase()))
  const hasBody = body !== undefined && body !== ''
  return [
    'globoff',
    'silent',
    'path-as-is',
    option('noproxy', '*'),
    option('proto', '=http,https'),
    option('url', url),
    method === 'HEAD' ? 'head' : option('request', method),
    option('max-time', (timeoutMilliseconds / 1000).toFixed(3)),
    option('max-filesize', String(LARGEST_ANSWER_BYTES)),
    ...Object.entries(headers).map(([name, value]) =>
      option('header', value === '' ? `${name};` : `${name}: ${value}`),
    ),
    ...(names.has('connection') ? [] : [option('header', 'Connection: close')]),
    ...(hasBody ? [option('data-binary', '@payload')] : []),
    ...(hasBody && !names.has('content-type') ? [option('header', 'Content-Type:')] : []),
    option('output', `body.${NUMBER}`),
    option('dump-header', `head.${NUMBER}`),
    option('write-out', `${NUMBER}\t%{exitcode}\t%{http_code}\t%{errormsg}\n`),
  ].join('\n')
}

/** A value in double quotes, with the escapes that curl's configuration knows. */
function option(name: string, value: string): string {
  const escapes: Record<string, string> = {
    '\\': '\\\\',
    '"': '\\"',
    '\n': '\\n',
    '\r': '\\r',
    '\t': '\\t',
    '\v': '\\v',
  }
  return `${name} = "${value.replaceAll(/["\\\n\r\t\v]/g, (character) => escapes[character]!)}"`
}
