import * as v from 'valibot'
import { askAll, type Asked } from '../answers/ask.ts'
import { isRbacDenial, isReset, isServed, summary, unreached } from '../answers/label.ts'
import { met, unmet, type Answer, type CheckContext, type Verifier } from '../context.ts'
import { identity, parametersOf } from '../parameters.ts'
import { explainAuthorization } from './explain-authorization.ts'

const parameters = parametersOf(
  v.strictObject({
    url: v.pipe(v.string(), v.url()),
    namespace: v.string(),
    /** Identities in the mesh that must be refused. */
    identities: v.pipe(v.array(identity), v.minLength(1)),
  }),
)
type Parameters = ReturnType<typeof parameters>
type Identity = Parameters['identities'][number]

export const deniedByDefault: Verifier<Parameters> = {
  name: 'istio/denied-by-default',
  proves:
    'Identities that no rule allows get 403 with the body `RBAC: access denied`, from the proxy and for every method.',
  parameters,
  verify: (context, given) => context.eventually(() => attempt(context, given)),
}

async function attempt(context: CheckContext, { url, namespace, identities }: Parameters): Promise<Answer> {
  const target = new URL(url).host
  for (const method of ['GET', 'POST']) {
    const asked = await askAll(
      context,
      identities.map((who) => ({
        from: { kind: 'identity', ...who, sidecar: 'as-injected' },
        url,
        method,
        count: 10,
        wanted: '403 RBAC: access denied',
        good: isRbacDenial,
        as: nameOf(who),
      })),
    )
    for (const [index, who] of identities.entries()) {
      const answer = await judge(context, { asked: asked[index]!, who, method, target, namespace })
      if (answer !== undefined) return answer
    }
  }
  return met('denied', `Every identity that was tried got 403 from ${target}'s proxy.`)
}

const nameOf = (who: Identity) => `${who.serviceAccount} in ${who.namespace}`

interface Call {
  asked: Asked
  who: Identity
  method: string
  target: string
  namespace: string
}

/** What is wrong with the answers that one identity got; undefined when nothing is. */
async function judge(
  context: CheckContext,
  { asked, who, method, target, namespace }: Call,
): Promise<Answer | undefined> {
  const name = nameOf(who)
  if (!asked.sent) return asked.answer
  const missed = unreached(asked.answers, target)
  if (missed) return unmet(missed.code, missed.reason)
  if (asked.answers.every(isRbacDenial)) return undefined
  if (asked.answers.some(isReset) && !asked.sidecar)
    return unmet(
      'no-sidecar',
      `${name} has no proxy, so strict mTLS cut it off before any policy was asked. Is injection on in ${who.namespace}?`,
    )
  if (asked.answers.some(isServed)) {
    const why = await explainAuthorization(context, namespace, 'served')
    return unmet(
      'served',
      `${method} from ${name} was answered: ${summary(asked.answers)}. An identity that nobody allows should get 403. ${why}`.trimEnd(),
    )
  }
  return unmet(
    'other-refusal',
    `${method} from ${name} failed, but not by the policy: ${summary(asked.answers)}. The proxy's refusal is 403 with the body "RBAC: access denied".`,
  )
}
