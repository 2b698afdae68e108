import * as v from 'valibot'
import { ask } from '../answers/ask.ts'
import { counts, isOverflow, summary, unreached } from '../answers/label.ts'
import { met, unmet, type Answer, type CheckContext, type Verifier } from '../context.ts'
import { parametersOf, workload } from '../parameters.ts'

const parameters = parametersOf(
  v.strictObject({
    /** A path that takes long enough for calls to overlap. */
    url: v.pipe(v.string(), v.url()),
    caller: workload,
    /** Calls at once that must be shed in part, and that must not. */
    burst: v.pipe(v.number(), v.integer(), v.minValue(2)),
    calm: v.pipe(v.number(), v.integer(), v.minValue(1)),
  }),
)
type Parameters = ReturnType<typeof parameters>

export const overloadShed: Verifier<Parameters> = {
  name: 'istio/overload-shed',
  proves: "A burst beyond the connection pool's limits is shed with 503 and the overflow reason; a calm load is not.",
  parameters,
  verify: (context, given) => context.eventually(() => attempt(context, given), { intervalMilliseconds: 1000 }),
}

async function attempt(context: CheckContext, { url, caller, burst, calm }: Parameters): Promise<Answer> {
  const target = new URL(url).host
  const from = { kind: 'workload', ...caller } as const
  const quiet = await ask(context, {
    from,
    url,
    count: calm * 3,
    concurrency: calm,
    wanted: 'none shed',
    good: (answer) => !isOverflow(answer),
    as: `${caller.workload}, ${calm} at once`,
  })
  if (!quiet.sent) return quiet.answer
  const missed = unreached(quiet.answers, target)
  if (missed) return unmet(missed.code, missed.reason)
  if (!quiet.sidecar)
    return unmet('no-sidecar', `${caller.workload} runs without a proxy, and limits are kept by the caller's proxy.`)
  if (quiet.answers.some(isOverflow))
    return unmet(
      'calm-shed',
      `Even ${calm} calls at once are shed: ${summary(quiet.answers)}. The limits are too tight for ordinary load.`,
    )
  const loud = await ask(context, {
    from,
    url,
    count: burst,
    concurrency: burst,
    wanted: 'some served, the rest 503 overflow',
    good: (answer) => answer.count < burst,
    as: `${caller.workload}, ${burst} at once`,
  })
  if (!loud.sent) return loud.answer
  const shed = counts(loud.answers)['503 overflow'] ?? 0
  if (shed === 0)
    return unmet(
      'burst-served',
      `A burst of ${burst} calls at once was let through whole: ${summary(loud.answers)}. Limits above the burst never matter.`,
    )
  if (shed === burst) return unmet('all-shed', `All ${burst} calls of the burst were shed; some should be served.`)
  return met(
    'overload-shed',
    `Of ${burst} calls at once, ${shed} were shed by the proxy with 503 overflow; ${calm} at once pass.`,
  )
}
