import type { Headers } from '../../kubernetes/index.ts'
import type { ProgramContext } from '../program.ts'

/** Headers that bookinfo's services hand on, so that traces and routing by user go all the way through. */
const handedOn: ReadonlySet<string> = new Set([
  'end-user',
  'user-agent',
  'authorization',
  'cookie',
  'x-request-id',
  'x-b3-traceid',
  'x-b3-spanid',
  'x-b3-parentspanid',
  'x-b3-sampled',
  'x-b3-flags',
  'traceparent',
  'tracestate',
  'b3',
  'baggage',
])

export function forwarded(headers: Headers): Headers {
  return headers.filter(([name]) => handedOn.has(name))
}

/** Where another service of bookinfo is: `RATINGS_HOSTNAME` and `RATINGS_SERVICE_PORT` may say otherwise. */
export function service({ env }: ProgramContext, name: 'details' | 'ratings' | 'reviews'): string {
  const prefix = name.toUpperCase()
  const domain = env['SERVICES_DOMAIN'] === undefined ? '' : `.${env['SERVICES_DOMAIN']}`
  return `${env[`${prefix}_HOSTNAME`] ?? name}${domain}:${env[`${prefix}_SERVICE_PORT`] ?? '9080'}`
}
