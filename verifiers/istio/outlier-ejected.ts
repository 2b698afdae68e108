import * as v from 'valibot'
import type { ProbeAnswer, ProbeCaller, ProbeRefusal } from '../../protocol/probe.ts'
import { ask } from '../answers/ask.ts'
import { isServed, summary, unreached } from '../answers/label.ts'
import { met, unmet, type Answer, type CheckContext, type Verifier } from '../context.ts'
import { identity, parametersOf } from '../parameters.ts'

const parameters = parametersOf(
  v.strictObject({
    url: v.pipe(v.string(), v.url()),
    /** A caller made for the check: its proxy has seen nothing yet, so the count starts at zero. */
    caller: identity,
    /** Failures in a row after which the instance must be out. */
    errors: v.pipe(v.number(), v.integer(), v.minValue(1)),
    /** How long to wait for its return, in seconds. */
    backWithin: v.pipe(v.number(), v.minValue(1), v.maxValue(60)),
  }),
)
type Parameters = ReturnType<typeof parameters>

/** With a third of the instances failing, all of these on healthy ones by chance: below 10⁻¹⁰. */
const calls = 60

const failed = (answer: ProbeAnswer): boolean => answer.status !== undefined && answer.status >= 500

export const outlierEjected: Verifier<Parameters> = {
  name: 'istio/outlier-ejected',
  proves:
    'An instance that answers 5xx is taken out after the asked number of failures, and comes back after its time.',
  parameters,
  verify: (context, given) => context.eventually(() => attempt(context, given), { intervalMilliseconds: 1000 }),
}

async function attempt(context: CheckContext, { url, caller, errors, backWithin }: Parameters): Promise<Answer> {
  const from: ProbeCaller = { kind: 'identity', ...caller, sidecar: 'as-injected' }
  const as = `${caller.serviceAccount} in ${caller.namespace}`
  const first = await ask(context, {
    from,
    url,
    count: calls,
    wanted: `exactly ${errors} × 5xx, then none`,
    good: (answer) => isServed(answer) || answer.count === errors,
    as,
  })
  if (!first.sent) return first.answer
  const missed = unreached(first.answers, new URL(url).host)
  if (missed) return unmet(missed.code, missed.reason)
  if (!first.sidecar) return unmet('no-sidecar', `${as} gets no proxy, and ejection is done by the caller's proxy.`)
  if (!first.answers.some(isServed))
    return unmet('none-served', `No call was served: ${summary(first.answers)}. The healthy instances must stay in.`)
  const failures = first.answers.filter(failed).reduce((sum, { count }) => sum + count, 0)
  if (failures === 0)
    return unmet(
      'no-failures',
      `None of ${calls} calls failed, so there was nothing to eject. Is the broken instance running?`,
    )
  if (failures !== errors) return unmet('other-threshold', whyOther(failures, errors))
  const back = await comesBack(context, { from, url, as, errors, backWithin })
  if (typeof back !== 'boolean') return unmet(back.refusal, back.message)
  if (!back)
    return unmet(
      'stays-out',
      `The broken instance was taken out after ${errors} failures, but it was not tried again within ${backWithin} s. A shorter baseEjectionTime lets it come back.`,
    )
  return met(
    'outlier-ejected',
    `The failing instance was taken out after ${errors} failures and tried again after its time.`,
  )
}

function whyOther(failures: number, errors: number): string {
  if (failures === 5)
    return `The failing instance was taken out after 5 failures, not ${errors}. Five is the proxy's own default: does your number reach it? Read the warning that came when you applied the rule.`
  if (failures > 10)
    return `${failures} of ${calls} calls failed: the failing instance stays in, or goes out far too late.`
  return `The failing instance was taken out after ${failures} failures; it should be ${errors}.`
}

/**
 * A second caller, with a proxy that has seen nothing, calls slowly for longer than the instance should be out: more failures than it takes
 * to throw the instance out mean that it was let in again.
 */
async function comesBack(
  context: CheckContext,
  {
    from,
    url,
    as,
    errors,
    backWithin,
  }: { from: ProbeCaller; url: string; as: string; errors: number; backWithin: number },
): Promise<boolean | ProbeRefusal> {
  const intervalMilliseconds = 20
  const count = Math.ceil((backWithin * 1000) / intervalMilliseconds)
  const slow = await context.probe({ from, url, count, intervalMilliseconds })
  if ('refusal' in slow) return slow
  const failures = slow.answers.filter(failed).reduce((sum, answer) => sum + answer.count, 0)
  const back = failures > errors
  const text = `${as}, ${count} calls in ${backWithin} s: ${failures} failures, so the instance was ${back ? 'let in again' : 'not let in again'}`
  context.report({ kind: 'statistic', text, good: back })
  return back
}
