import type { ProbeAnswer, ProbeRequest } from '../../protocol/probe.ts'
import { unmet, type Answer, type CheckContext } from '../context.ts'
import { counts } from './label.ts'

/** What came back of a probe, or the verdict when it could not be sent. */
export type Asked =
  { sent: true; caller: string; sidecar: boolean; answers: ProbeAnswer[] } | { sent: false; answer: Answer }

/** Sends a probe and reports what came back as evidence: `good` says whether an answer is the wanted one. */
export async function ask(
  context: CheckContext,
  request: ProbeRequest & { wanted: string; good: (answer: ProbeAnswer) => boolean; as?: string },
): Promise<Asked> {
  const { wanted, good, as, ...probe } = request
  const result = await context.probe(probe)
  if ('refusal' in result) return { sent: false, answer: unmet(result.refusal, result.message) }
  const caller = as ?? result.caller
  context.report({
    kind: 'requests',
    caller,
    target: `${probe.method ?? 'GET'} ${probe.url}`,
    sent: result.answers.reduce((sum, answer) => sum + answer.count, 0),
    answers: counts(result.answers),
    wanted,
    good: result.answers.every(good),
  })
  return { sent: true, caller, sidecar: result.sidecar, answers: result.answers }
}
