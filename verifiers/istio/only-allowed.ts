import * as v from 'valibot'
import type { ProbeCaller } from '../../protocol/probe.ts'
import { ask } from '../answers/ask.ts'
import { isRbacDenial, isServed, summary, unreached } from '../answers/label.ts'
import { met, unmet, type Answer, type CheckContext, type Verifier } from '../context.ts'
import { identity, parametersOf, workload } from '../parameters.ts'
import { explainAuthorization } from './explain-authorization.ts'

const parameters = parametersOf(
  v.strictObject({
    url: v.pipe(v.string(), v.url()),
    namespace: v.string(),
    /** The workload that may call, by its own pods. */
    caller: workload,
    methods: v.pipe(v.array(v.string()), v.minLength(1)),
    refusedMethods: v.pipe(v.array(v.string()), v.minLength(1)),
    /** Another account beside the caller, that must be refused. */
    refused: identity,
  }),
)
type Parameters = ReturnType<typeof parameters>

export const onlyAllowed: Verifier<Parameters> = {
  name: 'istio/only-allowed',
  proves:
    'The named workload is served with the allowed methods, refused with others, and another account of its namespace is refused.',
  parameters,
  verify: (context, given) => context.eventually(() => attempt(context, given)),
}

async function attempt(context: CheckContext, given: Parameters): Promise<Answer> {
  const allowed: ProbeCaller = { kind: 'workload', ...given.caller }
  const other: ProbeCaller = { kind: 'identity', ...given.refused, sidecar: 'as-injected' }
  const otherName = `${given.refused.serviceAccount} in ${given.refused.namespace}`
  const rows: [ProbeCaller, string, string, boolean][] = [
    ...given.methods.map((method): [ProbeCaller, string, string, boolean] => [
      allowed,
      given.caller.workload,
      method,
      true,
    ]),
    ...given.refusedMethods.map((method): [ProbeCaller, string, string, boolean] => [
      allowed,
      given.caller.workload,
      method,
      false,
    ]),
    ...given.methods.map((method): [ProbeCaller, string, string, boolean] => [other, otherName, method, false]),
  ]
  for (const [from, as, method, served] of rows) {
    const wrong = await wrongAnswer(context, given, { from, as, method, served })
    if (wrong) return wrong
  }
  const { methods, refusedMethods, caller } = given
  return met(
    'only-allowed',
    `${caller.workload} is served with ${methods.join(' and ')}, refused with ${refusedMethods.join(' and ')}; ${otherName} is refused.`,
  )
}

async function wrongAnswer(
  context: CheckContext,
  { url, namespace }: Parameters,
  { from, as, method, served }: { from: ProbeCaller; as: string; method: string; served: boolean },
): Promise<Answer | undefined> {
  const target = new URL(url).host
  const good = served ? isServed : isRbacDenial
  const asked = await ask(context, {
    from,
    url,
    method,
    count: 10,
    wanted: served ? '200' : '403 RBAC: access denied',
    good,
    as,
  })
  if (!asked.sent) return asked.answer
  const missed = unreached(asked.answers, target)
  if (missed) return unmet(missed.code, missed.reason)
  if (asked.answers.every(good)) return undefined
  if (served && !asked.sidecar)
    return unmet(
      'no-sidecar',
      `${as} runs without a proxy, so it has no identity that a policy could allow. Restart it after the namespace was labelled.`,
    )
  if (served || asked.answers.some(isServed)) {
    const why = await explainAuthorization(context, namespace, served ? 'refused' : 'served')
    const what = served ? 'should be served and was not' : 'should be refused and was answered'
    return unmet(
      served ? 'refused' : 'served',
      `${method} from ${as} ${what}: ${summary(asked.answers)}. ${why}`.trimEnd(),
    )
  }
  return unmet('other-refusal', `${method} from ${as} failed, but not by the policy: ${summary(asked.answers)}.`)
}
