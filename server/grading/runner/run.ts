import { setTimeout as sleep } from 'node:timers/promises'
import type { ProbeRefusal, ProbeRequest, ProbeResult } from '../../../protocol/probe.ts'
import type { Evidence, Verdict } from '../../../protocol/verdict.ts'
import type { Answer, CheckContext, Verifier } from '../../../verifiers/context.ts'
import { connectApi } from '../../clusters/index.ts'
import type { CheckOrder } from './messages.ts'
import { readCluster } from './reader.ts'

const INTERVAL_MILLISECONDS = 100
const MAXIMUM_EVIDENCE = 50
/** After the deadline, for a verifier that has an answer from before it. */
const LAST_WORD_MILLISECONDS = 100

export interface RunTools {
  find(this: void, verifier: string): Verifier | undefined
  probe(this: void, request: ProbeRequest): Promise<ProbeResult | ProbeRefusal>
}

/** Runs one verifier to its verdict. A verifier that throws, or that has no answer at the deadline, is broken. */
export async function runOrder(order: CheckOrder, { find, probe }: RunTools): Promise<Omit<Verdict, 'milliseconds'>> {
  const verifier = find(order.verifier)
  if (verifier === undefined) return broken('verifier-unknown', `There is no verifier "${order.verifier}".`)
  const signal = AbortSignal.timeout(order.timeoutMilliseconds)
  const api = connectApi(order.credentials)
  const evidence: Evidence[] = []
  const context: CheckContext = {
    kubernetes: readCluster(api, signal),
    probe: (request) => orAbort(probe(request), signal),
    eventually: (attempt, options) => eventually(attempt, { ...options, order, signal, evidence }),
    report: (item) => void evidence.push(item),
    signal,
  }
  try {
    const verify = async () => verifier.verify(context, verifier.parameters(order.with))
    const answer = await orAbort(verify(), signal, LAST_WORD_MILLISECONDS)
    return {
      state: answer.state,
      code: answer.code,
      reason: answer.reason,
      evidence: evidence.slice(0, MAXIMUM_EVIDENCE),
    }
  } catch (error) {
    if (signal.aborted)
      return broken('check-timed-out', `The check had no answer after ${order.timeoutMilliseconds / 1000} s.`, evidence)
    return broken('check-failed', `The check itself failed: ${(error as Error).message}`, evidence)
  } finally {
    api[Symbol.dispose]()
  }
}

/** Tries again until it is met or patience ends; an attempt that the deadline cuts off leaves the answer before it. */
async function eventually(
  attempt: () => Promise<Answer>,
  options: { intervalMilliseconds?: number; order: CheckOrder; signal: AbortSignal; evidence: Evidence[] },
): Promise<Answer> {
  const { order, signal, evidence } = options
  const interval = options.intervalMilliseconds ?? INTERVAL_MILLISECONDS
  const end = performance.now() + order.patienceMilliseconds - interval
  let last: { answer: Answer; evidence: Evidence[] } | undefined
  for (;;) {
    evidence.length = 0
    try {
      const answer = await orAbort(attempt(), signal)
      last = { answer, evidence: [...evidence] }
      if (answer.state === 'met' || performance.now() >= end) return answer
      await sleep(interval, undefined, { signal })
    } catch (error) {
      if (!signal.aborted || last === undefined) throw error
      evidence.splice(0, evidence.length, ...last.evidence)
      return last.answer
    }
  }
}

function orAbort<T>(promise: Promise<T>, signal: AbortSignal, grace = 0): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => void setTimeout(() => reject(signal.reason as Error), grace)
    // Listened to even when it is too late: a rejection that nobody hears ends the process before it has said why.
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
    if (signal.aborted) abort()
    else signal.addEventListener('abort', abort, { once: true })
  })
}

function broken(code: string, reason: string, evidence: Evidence[] = []): Omit<Verdict, 'milliseconds'> {
  return { state: 'broken', code, reason, evidence }
}
