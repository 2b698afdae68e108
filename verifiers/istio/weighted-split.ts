import * as v from 'valibot'
import { ask } from '../answers/ask.ts'
import { unreached } from '../answers/label.ts'
import { percent, wilson } from '../answers/interval.ts'
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
 * Requests are counted until the wanted share lies in an interval around what was seen; what was counted before still counts. A narrow
 * interval comes first: it lets few wrong shares through. Whoever misses it is judged by three times as many requests, with an interval
 * that a right share hardly ever misses. For a wanted 10 %, a check is met with a true share of
 *
 *     10 %: all but 1 in 10,000    12 %: 85 %    13 %: 42 %    14 %: 9 %    15 %: 1 %    20 % and more: less than 1 in 10⁷
 *
 * Computed exactly in routes.test.ts.
 */
const looks: readonly Look[] = [
  { n: 600, z: 1.2816, level: '80 %' },
  { n: 1800, z: 3.8906, level: '99.99 %' },
]
interface Look {
  /** Requests counted up to here. */
  n: number
  /** Half the interval's width in standard deviations, and how often an interval of this width holds the true share. */
  z: number
  level: string
}

/** So far from the share, or another version among them: more requests will not mend it. */
const farOff = 0.25

export const weightedSplit: Verifier<Parameters> = {
  name: 'istio/weighted-split',
  proves:
    'The canary gets its share of the requests (the share lies in the interval around what was counted), the stable version the rest.',
  parameters,
  async verify(context, given) {
    const counted: Record<string, number> = {}
    for (const [index, look] of looks.entries()) {
      const more = await count(context, given, look.n - (looks[index - 1]?.n ?? 0))
      if ('state' in more) return more
      for (const [name, times] of Object.entries(more.counted)) counted[name] = (counted[name] ?? 0) + times
      if (isSettled(counted, look, given)) return judge(context, given, counted, look)
    }
    throw new Error('the last look settles')
  },
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

function holdsShare(counted: Record<string, number>, { n, z }: Look, { canary, share }: Parameters): boolean {
  const { low, high } = wilson(counted[canary] ?? 0, n, z)
  return low <= share && share <= high
}

function isSettled(counted: Record<string, number>, look: Look, given: Parameters): boolean {
  const away = Math.abs((counted[given.canary] ?? 0) / look.n - given.share)
  if (look === looks.at(-1) || away > farOff || others(counted, given).length > 0) return true
  return holdsShare(counted, look, given)
}

function judge(context: CheckContext, given: Parameters, counted: Record<string, number>, look: Look): Answer {
  const { canary, stable, share } = given
  const { n, z, level } = look
  const hits = counted[canary] ?? 0
  const { low, high } = wilson(hits, n, z)
  const good = holdsShare(counted, look, given) && others(counted, given).length === 0
  const text = `${n} requests: ${inWords(counted)}. Share of ${canary}: ${percent(hits / n)}, ${level} interval ${percent(low)} to ${percent(high)}; wanted ${percent(share)}.`
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
    `${canary} got ${hits} of ${n} requests: ${percent(share)} lies in the ${level} interval ${percent(low)} to ${percent(high)}.`,
  )
}
