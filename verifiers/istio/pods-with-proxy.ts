import type { V1Pod } from '@kubernetes/client-node'
import * as v from 'valibot'
import { met, unmet, type Answer, type CheckContext, type Verifier } from '../context.ts'
import { parametersOf } from '../parameters.ts'
import { isLive, pods, proxyOf, proxyStatusOf } from './proxies.ts'

const parameters = parametersOf(
  v.strictObject({
    namespace: v.string(),
    /** Workloads that must be there: pods of that name, or whose names begin with it and a hyphen. */
    workloads: v.pipe(v.array(v.string()), v.minLength(1)),
  }),
)
type Parameters = ReturnType<typeof parameters>

export const podsWithProxy: Verifier<Parameters> = {
  name: 'istio/pods-with-proxy',
  proves: 'Every pod of the namespace has a ready proxy.',
  parameters,
  verify: (context, given) => context.eventually(() => attempt(context, given, true)),
}

export const podsWithoutProxy: Verifier<Parameters> = {
  name: 'istio/pods-without-proxy',
  proves: 'The namespace has pods of the named workloads, and no pod in it has a proxy.',
  parameters,
  verify: (context, given) => context.eventually(() => attempt(context, given, false)),
}

async function attempt(
  { kubernetes, report }: CheckContext,
  { namespace, workloads }: Parameters,
  wanted: boolean,
): Promise<Answer> {
  const live = (await kubernetes.list<V1Pod>(pods, { namespace })).filter(isLive)
  const isOf = (workload: string, { metadata }: V1Pod): boolean =>
    metadata?.name === workload || metadata?.name?.startsWith(`${workload}-`) === true
  const missing = workloads.filter((name) => !live.some((pod) => isOf(name, pod)))
  if (missing.length > 0) return unmet('no-pods', `In ${namespace} there is no pod of ${missing.join(' and ')} yet.`)
  const seen = live.map((pod) => ({ name: pod.metadata?.name ?? '', state: stateOf(pod) }))
  for (const { name, state } of seen)
    report({
      kind: 'object',
      object: `pod ${namespace}/${name}`,
      seen: words[state],
      wanted: wanted ? words.ready : words.none,
      good: state === (wanted ? 'ready' : 'none'),
    })
  const wrong = seen.filter(({ state }) => state !== (wanted ? 'ready' : 'none'))
  if (wrong.length === 0)
    return wanted
      ? met('all-have-proxies', `Every pod in ${namespace} has a ready proxy: ${live.length} of ${live.length}.`)
      : met('none-has-a-proxy', `No pod in ${namespace} has a proxy: ${live.length} were looked at.`)
  const [first] = wrong
  if (!wanted) return unmet('has-proxy', `${first!.name} has a proxy; no pod in ${namespace} should.`)
  return first!.state === 'none'
    ? unmet(
        'without-proxy',
        `${first!.name} runs without a proxy. A pod gets one only when it is created: pods from before the label must be restarted.`,
      )
    : unmet('proxy-not-ready', `The proxy of ${first!.name} is not ready.`)
}

const words = { ready: 'with a ready proxy', unready: 'with a proxy that is not ready', none: 'without a proxy' }

function stateOf(pod: V1Pod): keyof typeof words {
  if (proxyOf(pod) === undefined) return 'none'
  return proxyStatusOf(pod)?.ready === true ? 'ready' : 'unready'
}
