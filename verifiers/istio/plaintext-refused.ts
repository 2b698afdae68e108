import * as v from 'valibot'
import { GRADER_NAMESPACE } from '../../protocol/probe.ts'
import { askAll, type Asked, type Question } from '../answers/ask.ts'
import { isRbacDenial, isReset, isServed, summary, unreached } from '../answers/label.ts'
import { met, unmet, type Answer, type CheckContext, type Verifier } from '../context.ts'
import { identity, parametersOf } from '../parameters.ts'
import { explainPlaintext } from './explain-mtls.ts'

const parameters = parametersOf(
  v.strictObject({
    /** The service of the strict namespace: http://payments.production/ */
    url: v.pipe(v.string(), v.url()),
    namespace: v.string(),
    /** An identity in the mesh whose call must get through to the proxy. */
    meshCaller: v.optional(identity, { namespace: 'default', serviceAccount: 'default' }),
  }),
)
type Parameters = ReturnType<typeof parameters>

/** Enough calls to reach every pod of a small service with near certainty: 2 pods are both reached in all but 2 of 10⁶ runs. */
const calls = 20

export const plaintextRefused: Verifier<Parameters> = {
  name: 'istio/plaintext-refused',
  proves:
    'A caller without a sidecar is cut off (connection reset, not a status code), and the same call from the mesh gets through.',
  parameters,
  verify: (context, given) => context.eventually(() => attempt(context, given)),
}

async function attempt(context: CheckContext, { url, namespace, meshCaller }: Parameters): Promise<Answer> {
  const target = new URL(url).host
  const fromOutside: Question = {
    from: { kind: 'identity', namespace: GRADER_NAMESPACE, serviceAccount: 'default', sidecar: 'none' },
    url,
    count: calls,
    wanted: 'connection reset',
    good: isReset,
    as: 'no sidecar',
  }
  const fromMesh: Question = {
    from: { kind: 'identity', ...meshCaller, sidecar: 'as-injected' },
    url,
    count: calls,
    wanted: '200, or a refusal by policy after mutual TLS',
    good: (answer) => isServed(answer) || isRbacDenial(answer),
    as: `${meshCaller.serviceAccount} in ${meshCaller.namespace}, in the mesh`,
  }
  const [outside, inside] = (await askAll(context, [fromOutside, fromMesh])) as [Asked, Asked]
  if (!outside.sent) return outside.answer
  const missed = unreached(outside.answers, target)
  if (missed) return unmet(missed.code, missed.reason)
  if (!inside.sent) return inside.answer
  if (outside.answers.some(({ status }) => status !== undefined)) {
    const why = await explainPlaintext(context, namespace)
    return unmet(
      'plaintext-served',
      `A call without a sidecar was answered by ${target}: ${summary(outside.answers)}. With strict mTLS its connection is reset before any HTTP is spoken. ${why}`.trimEnd(),
    )
  }
  if (!outside.answers.every(isReset))
    return unmet(
      'other-failure',
      `A call without a sidecar to ${target} failed, but not by strict mTLS, which resets the connection: ${summary(outside.answers)}.`,
    )
  if (!inside.sidecar)
    return unmet(
      'no-mesh-caller',
      `Plaintext is cut off, but no caller in ${meshCaller.namespace} gets a proxy, so nobody in the mesh can prove that calls still get through.`,
    )
  if (!inside.answers.every((answer) => isServed(answer) || isRbacDenial(answer)))
    return unmet(
      'mesh-caller-cut-off',
      `Plaintext is cut off, but so is a caller in the mesh: ${summary(inside.answers)}.`,
    )
  return met('plaintext-refused', `Calls without a sidecar are reset by ${target}; calls from the mesh get through.`)
}
