import * as v from 'valibot'
import { ask } from '../answers/ask.ts'
import { unreached } from '../answers/label.ts'
import { countVersions, inWords, versionReader } from '../answers/versions.ts'
import { met, unmet, type Answer, type CheckContext, type Verifier } from '../context.ts'
import { parametersOf, workload } from '../parameters.ts'

const parameters = parametersOf(
  v.strictObject({
    url: v.pipe(v.string(), v.url()),
    caller: workload,
    headers: v.record(v.string(), v.string()),
    /** The service's pods carry `app` and `version` labels in this namespace. */
    namespace: v.string(),
    app: v.string(),
    version: v.string(),
  }),
)
type Parameters = ReturnType<typeof parameters>

/** If the header did nothing and the version got half of the calls or fewer, all of these on it by chance: below 10⁻¹⁷. */
const calls = 60

export const headerRouted: Verifier<Parameters> = {
  name: 'istio/header-routed',
  proves: 'Every request with the given headers is answered by one version.',
  parameters,
  verify: (context, given) => context.eventually(() => attempt(context, given)),
}

async function attempt(
  context: CheckContext,
  { url, caller, headers, namespace, app, version }: Parameters,
): Promise<Answer> {
  const versionOf = await versionReader(context, namespace, app)
  const words = Object.entries(headers)
    .map(([name, value]) => `${name}: ${value}`)
    .join(', ')
  const asked = await ask(context, {
    from: { kind: 'workload', ...caller },
    url,
    headers,
    count: calls,
    wanted: `all from ${version}`,
    good: (answer) => answer.status === 200 && versionOf(answer) === version,
    as: `${caller.workload} with ${words}`,
  })
  if (!asked.sent) return asked.answer
  const missed = unreached(asked.answers, new URL(url).host)
  if (missed) return unmet(missed.code, missed.reason)
  const counted = countVersions(asked.answers, versionOf)
  context.report({
    kind: 'statistic',
    text: `${calls} requests with ${words}: ${inWords(counted)}`,
    good: counted[version] === calls,
  })
  if (counted[version] === calls)
    return met('header-routed', `All ${calls} requests with ${words} were answered by ${version}.`)
  if (!asked.sidecar)
    return unmet('no-sidecar', `${caller.workload} runs without a proxy, and routes are applied by the caller's proxy.`)
  return unmet(
    'other-version',
    `With ${words}, ${calls} requests got ${inWords(counted)}; all should come from ${version}.`,
  )
}
