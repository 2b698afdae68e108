import type { V1Deployment } from '@kubernetes/client-node'
import * as v from 'valibot'
import { met, unmet, type Answer, type CheckContext, type Resource, type Verifier } from '../context.ts'
import { parametersOf } from '../parameters.ts'
import { proxyOf } from './proxies.ts'

const parameters = parametersOf(v.strictObject({ deployments: v.pipe(v.array(v.string()), v.minLength(1)) }))
type Parameters = ReturnType<typeof parameters>

/** The kinds that the lab needs; each must be established, so that objects of it can be stored. */
const kinds = [
  'authorizationpolicies.security.istio.io',
  'destinationrules.networking.istio.io',
  'gateways.networking.istio.io',
  'peerauthentications.security.istio.io',
  'virtualservices.networking.istio.io',
]

export const installed: Verifier<Parameters> = {
  name: 'istio/installed',
  proves: "Istio's control plane and gateways are Available, its kinds are established, and its injector answers.",
  parameters,
  verify: (context, given) => context.eventually(() => attempt(context, given)),
}

async function attempt(context: CheckContext, { deployments }: Parameters): Promise<Answer> {
  const { kubernetes, report } = context
  const found = await kubernetes.list<V1Deployment>(
    { apiVersion: 'apps/v1', plural: 'deployments' },
    { namespace: 'istio-system' },
  )
  const wrong: string[] = []
  for (const name of deployments) {
    const deployment = found.find(({ metadata }) => metadata?.name === name)
    const available =
      deployment?.status?.conditions?.some(({ type, status }) => type === 'Available' && status === 'True') ?? false
    const seen = deployment === undefined ? 'missing' : available ? 'Available' : 'not Available'
    report({ kind: 'object', object: `deployment istio-system/${name}`, seen, wanted: 'Available', good: available })
    if (!available) wrong.push(`${name} is ${seen}`)
  }
  if (found.length === 0)
    return unmet('not-installed', 'Istio is not installed: there is no deployment in istio-system.')
  if (wrong.length > 0) return unmet('not-available', `Istio is there, but ${wrong.join(', ')}.`)
  const established = await establishedKinds(context)
  const missing = kinds.filter((name) => !established.has(name))
  report({
    kind: 'object',
    object: 'kinds of Istio',
    seen: missing.length === 0 ? 'all established' : `missing: ${missing.join(', ')}`,
    good: missing.length === 0,
  })
  if (missing.length > 0)
    return unmet('kinds-missing', `The kind ${missing[0]} is not established, so its objects cannot be stored.`)
  const dryRun = await kubernetes.dryRunPod('default', { labels: { 'sidecar.istio.io/inject': 'true' } })
  const injected = dryRun.admitted && proxyOf(dryRun.pod) !== undefined
  const seen = !dryRun.admitted ? 'refused' : injected ? 'with istio-proxy' : 'without a proxy'
  const asked = 'a pod in default that asks for a proxy (dry run)'
  report({ kind: 'object', object: asked, seen, wanted: 'with istio-proxy', good: injected })
  if (injected) return met('installed', `${deployments.join(', ')}: Available, and the injector answers.`)
  const why = dryRun.admitted
    ? 'would come up without one: the injection webhook is missing, or does not ask istiod.'
    : `is refused: ${dryRun.message}`
  return unmet('injector-silent', `The deployments are there, but a pod that asks for a proxy ${why}`)
}

async function establishedKinds({ kubernetes }: CheckContext): Promise<Set<string>> {
  type Definition = Resource & { status?: { conditions?: { type: string; status: string }[] } }
  const definitions = await kubernetes.list<Definition>({
    apiVersion: 'apiextensions.k8s.io/v1',
    plural: 'customresourcedefinitions',
  })
  const ready = definitions.filter(({ status }) =>
    status?.conditions?.some(({ type, status: value }) => type === 'Established' && value === 'True'),
  )
  return new Set(ready.map(({ metadata }) => metadata.name))
}
