import { milliseconds } from './duration.ts'
import { localReply, type LocalReply } from './local-reply.ts'
import type { Proxy } from './proxy.ts'
import type { FaultSpec } from './specs.ts'

/** What the fault filter does to one request: a delay, an answer of its own, both or nothing. */
export interface Fault {
  delayMilliseconds: number
  abort: LocalReply | undefined
}

/** A percentage that is not given is 0. Source: istio/api virtual_service.proto, HTTPFaultInjection. */
function strikes(proxy: Proxy, percentage: number | undefined): boolean {
  return proxy.random.next() * 100 < (percentage ?? 0)
}

export function drawFault(proxy: Proxy, spec: FaultSpec): Fault {
  const { delay, abort } = spec
  const delayed = delay !== undefined && strikes(proxy, delay.percentage?.value ?? delay.percent)
  const aborted = abort !== undefined && strikes(proxy, abort.percentage?.value)
  return {
    delayMilliseconds: delayed ? (milliseconds(delay.fixedDelay) ?? 0) : 0,
    abort: aborted ? localReply(abort.httpStatus ?? 503, 'fault filter abort', 'FI', 'fault_filter_abort') : undefined,
  }
}
