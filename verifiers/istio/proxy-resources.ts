import type { V1Pod } from '@kubernetes/client-node'
import * as v from 'valibot'
import { met, unmet, type Answer, type CheckContext, type Verifier } from '../context.ts'
import { parametersOf } from '../parameters.ts'
import { isLive, pods, proxyOf, proxyStatusOf } from './proxies.ts'
import { sameQuantity } from './quantity.ts'

const resources = v.strictObject({ cpu: v.optional(v.string()), memory: v.optional(v.string()) })
const parameters = parametersOf(
  v.strictObject({ namespace: v.string(), app: v.string(), requests: resources, limits: resources }),
)
type Parameters = ReturnType<typeof parameters>

export const proxyResources: Verifier<Parameters> = {
  name: 'istio/proxy-resources',
  proves: 'The running proxies of a workload have the asked requests and limits.',
  parameters,
  verify: (context, given) => context.eventually(() => attempt(context, given)),
}

async function attempt(
  { kubernetes, report }: CheckContext,
  { namespace, app, requests, limits }: Parameters,
): Promise<Answer> {
  const live = (await kubernetes.list<V1Pod>(pods, { namespace, labelSelector: `app=${app}` })).filter(isLive)
  if (live.length === 0) return unmet('no-pods', `There is no pod of ${app} in ${namespace}.`)
  for (const pod of live) {
    const name = pod.metadata?.name ?? ''
    const proxy = proxyOf(pod)
    if (proxy === undefined) return unmet('without-proxy', `${name} has no proxy.`)
    const wanted = { requests, limits }
    for (const kind of ['requests', 'limits'] as const)
      for (const resource of ['cpu', 'memory'] as const) {
        const want = wanted[kind][resource]
        if (want === undefined) continue
        const have = proxy.resources?.[kind]?.[resource]
        const good = have !== undefined && sameQuantity(have, want)
        report({
          kind: 'object',
          object: `proxy of ${name}, ${kind}.${resource}`,
          seen: have ?? 'none',
          wanted: want,
          good,
        })
        if (!good)
          return unmet(
            'other-resources',
            `The proxy of ${name} has ${kind}.${resource} ${have ?? 'none'}; it should have ${want}.`,
          )
      }
    if (proxyStatusOf(pod)?.ready !== true) return unmet('proxy-not-ready', `The proxy of ${name} is not ready yet.`)
  }
  return met('proxy-sized', `${app}'s proxy runs with what you asked for.`)
}
