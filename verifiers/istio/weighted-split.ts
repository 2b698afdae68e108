import * as v from 'valibot'
import { ask } from '../answers/ask.ts'
import { unreached } from '../answers/label.ts'
import { percent, wilson99 } from '../answers/interval.ts'
import { countVersions, inWords, versionReader } from '../answers/versions.ts'
import { met, unmet, type Answer, type CheckContext, type Verifier } from '../context.ts'
import { parametersOf, workload } from '../parameters.ts'

const parameters = parametersOf(
  v.strictObject({
    url: v.pipe(v.string(), v.url()),
    caller: workload,
    namespace: v.string(),
    app: v.string(),
    /** The version whose share is measured, and the share it should have (0 to 1). */
    canary: v.string(),
    share: v.pipe(v.number(), v.gtValue(0), v.ltValue(1)),
    stable: v.string(),
  }),
)
type Parameters = ReturnType<typeof parameters>

/**
 * With 600 requests the 99 % interval of a right 10 % misses it once in about 100 samples; a sample that misses is repeated at most twice,
 * so a right answer fails about once in 10⁶ checks. An even split never comes near: its interval would have to miss by 40 points.
 */
const sampleSize = 600
const samples = 3
/** A first look that is already far from the share saves the rest. */
const firstLook = 100

export const weightedSplit: Verifier<Parameters> = {
  name: 'istio/weighted-split',
  proves:
    'The canary gets its share of the requests (the share lies in the 99 % interval of what was counted), the stable version the rest.',
  parameters,
  async verify(context, given) {
    let answer = await sample(context, given)
    for (let again = 1; again < samples && answer.code === 'other-share'; again++) answer = await sample(context, given)
    return answer
  },
}

async function sample(context: CheckContext, given: Parameters): Promise<Answer> {
  const first = await count(context, given, firstLook)
  if ('state' in first) return first
  if (clearlyWrong(first.counted, firstLook, given)) return judge(context, given, first.counted, firstLook)
  const rest = await count(context, given, sampleSize - firstLook)
  if ('state' in rest) return rest
  const counted = { ...first.counted }
  for (const [name, more] of Object.entries(rest.counted)) counted[name] = (counted[name] ?? 0) + more
  return judge(context, given, counted, sampleSize)
}

async function count(
  context: CheckContext,
  { url, caller, namespace, app, canary, stable }: Parameters,
  n: number,
): Promise<{ counted: Record<string, number> } | Answer> {
  const versionOf = await versionReader(context, namespace, app)
  const asked = await ask(context, {
    from: { kind: 'workload', ...caller },
    url,
    count: n,
    wanted: `${stable} or ${canary}`,
    good: (answer) => answer.status === 200 && [stable, canary].includes(versionOf(answer)),
    as: caller.workload,
  })
  if (!asked.sent) return asked.answer
  const missed = unreached(asked.answers, new URL(url).host)
  if (missed) return unmet(missed.code, missed.reason)
  if (!asked.sidecar)
    return unmet('no-sidecar', `${caller.workload} runs without a proxy, and routes are applied by the caller's proxy.`)
  return { counted: countVersions(asked.answers, versionOf) }
}

function others(counted: Record<string, number>, { canary, stable }: Parameters): string[] {
  return Object.keys(counted).filter((name) => name !== canary && name !== stable)
}

function clearlyWrong(counted: Record<string, number>, n: number, given: Parameters): boolean {
  const share = (counted[given.canary] ?? 0) / n
  return others(counted, given).length > 0 || Math.abs(share - given.share) > 0.25
}

function judge(context: CheckContext, given: Parameters, counted: Record<string, number>, n: number): Answer {
  const { canary, stable, share } = given
  const hits = counted[canary] ?? 0
  const { low, high } = wilson99(hits, n)
  const good = low <= share && share <= high && others(counted, given).length === 0
  const text = `${n} requests: ${inWords(counted)}. Share of ${canary}: ${percent(hits / n)}, 99 % interval ${percent(low)} to ${percent(high)}; wanted ${percent(share)}.`
  context.report({ kind: 'statistic', text, good })
  const [other] = others(counted, given)
  if (other !== undefined)
    return unmet(
      other.startsWith('no answer') ? 'unanswered' : 'third-version',
      `${counted[other]} of ${n} requests got ${other}; only ${stable} and ${canary} should answer, each with 200.`,
    )
  if (!good)
    return unmet(
      'other-share',
      `${canary} got ${hits} of ${n} requests (${percent(hits / n)}). It should get ${percent(share)}, and ${stable} the rest.`,
    )
  return met(
    'split',
    `${canary} got ${hits} of ${n} requests: ${percent(share)} lies in the 99 % interval ${percent(low)} to ${percent(high)}.`,
  )
}
