import { once } from 'node:events'
import { ApiError, badRequest, invalid, type KubeObject, type LogOptions } from '../../kubernetes/index.ts'
import type { ServedResource } from '../../schema/index.ts'
import type { Call, Server } from '../http/call.ts'
import { commonHeaders, respond } from '../http/respond.ts'
import { existing } from '../http/write.ts'
import { containerOf } from './container.ts'

const HEADERS_AFTER_MS = 20

/** `GET …/log`: lines as they are, or with `follow` as they come. */
export async function readLog({ kernel, kubelet }: Server, resource: ServedResource, call: Call): Promise<void> {
  const pod = existing(kernel, resource, call)
  const abort = new AbortController()
  const options = readOptions(pod, call, abort.signal)
  const container = containerOf(pod, call.query.get('container') ?? undefined)
  if (!pod['spec']?.nodeName) return respond(call, { type: 'text/plain', body: '' })
  if (kubelet === undefined) throw new ApiError(500, '', 'no preferred addresses found; known addresses: []')
  const target = { namespace: pod.metadata.namespace ?? '', pod: pod.metadata.name, container }
  call.response.on('close', () => abort.abort())
  const chunks = kubelet.logs(target, options)[Symbol.asyncIterator]()
  // A kubelet that refuses does so at once; one that only waits for the next line must not keep the headers back.
  const first = chunks.next()
  await Promise.race([first, new Promise((resolve) => setTimeout(resolve, HEADERS_AFTER_MS).unref())])
  call.response.writeHead(200, { ...commonHeaders(call), 'Content-Type': 'text/plain' })
  call.response.flushHeaders()
  for (let part = await first; !part.done; part = await chunks.next()) {
    if (abort.signal.aborted) return
    if (!call.response.write(part.value)) await once(call.response, 'drain', { signal: abort.signal }).catch(() => {})
  }
  call.response.end()
}

function readOptions(pod: KubeObject, { query }: Call, signal: AbortSignal): LogOptions {
  const refuse = (field: string, message: string, reason = 'FieldValueInvalid'): never => {
    throw invalid({ group: '', kind: 'PodLogOptions' }, pod.metadata.name, [{ reason, message, field }])
  }
  const number = (name: string, least: number, words: string): number | undefined => {
    const text = query.get(name)
    if (text === null || text === '') return undefined
    if (!/^-?\d+$/.test(text)) throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`)
    const value = Number(text)
    if (value < least) refuse(name, `Invalid value: ${value}: must be greater than ${words}`)
    return value
  }
  const flag = (name: string): boolean => query.has(name) && !['false', '0'].includes(query.get(name) ?? '')
  const sinceTime = query.get('sinceTime') ?? undefined
  const sinceSeconds = number('sinceSeconds', 1, '0')
  if (sinceTime !== undefined && sinceSeconds !== undefined)
    refuse('[]', 'Forbidden: at most one of `sinceTime` or `sinceSeconds` may be specified', 'FieldValueForbidden')
  const tailLines = number('tailLines', 0, 'or equal to 0')
  const limitBytes = number('limitBytes', 1, '0')
  return {
    follow: flag('follow'),
    previous: flag('previous'),
    timestamps: flag('timestamps'),
    ...(tailLines !== undefined && { tailLines }),
    ...(sinceSeconds !== undefined && { sinceSeconds }),
    ...(sinceTime !== undefined && { sinceTime }),
    ...(limitBytes !== undefined && { limitBytes }),
    signal,
  }
}
