import type { ProbeAnswer, ProbeRequest } from '../../protocol/probe.ts'
import { unmet, type Answer, type CheckContext } from '../context.ts'
import { counts } from './label.ts'

/** What came back of a probe, or the verdict when it could not be sent. */
export type Asked =
  { sent: true; caller: string; sidecar: boolean; answers: ProbeAnswer[] } | { sent: false; answer: Answer }

export type Question = ProbeRequest & { wanted: string; good: (answer: ProbeAnswer) => boolean; as?: string }

/** Sends a probe and reports what came back as evidence: `good` says whether an answer is the wanted one. */
export async function ask(context: CheckContext, question: Question): Promise<Asked> {
  return (await askAll(context, [question]))[0]!
}

/** Sends probes at the same time: on a real cluster a caller is a pod that has to start. Evidence comes in the order of the questions. */
export async function askAll(context: CheckContext, questions: readonly Question[]): Promise<Asked[]> {
  const outcomes = await Promise.all(
    questions.map(async ({ wanted, good, as, ...probe }) => {
      const result = await context.probe(probe)
      return { wanted, good, target: `${probe.method ?? 'GET'} ${probe.url}`, as, result }
    }),
  )
  return outcomes.map(({ wanted, good, target, as, result }) => {
    if ('refusal' in result) return { sent: false, answer: unmet(result.refusal, result.message) }
    const { sidecar, answers } = result
    const caller = as ?? result.caller
    const sent = answers.reduce((sum, { count }) => sum + count, 0)
    context.report({
      kind: 'requests',
      caller,
      target,
      sent,
      answers: counts(answers),
      wanted,
      good: answers.every(good),
    })
    return { sent: true, caller, sidecar, answers }
  })
}
