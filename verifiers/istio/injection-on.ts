import * as v from 'valibot'
import { met, unmet, type Verifier } from '../context.ts'
import { parametersOf } from '../parameters.ts'
import { proxyOf } from './proxies.ts'

const parameters = parametersOf(v.strictObject({ namespace: v.string() }))

export const injectionOn: Verifier<ReturnType<typeof parameters>> = {
  name: 'istio/injection-on',
  proves: 'A new pod in the namespace gets a proxy: a pod sent as a dry run comes back with one.',
  parameters,
  async verify({ kubernetes, report }, { namespace }) {
    const dryRun = await kubernetes.dryRunPod(namespace, {})
    const labels = (await kubernetes.get({ apiVersion: 'v1', plural: 'namespaces' }, namespace))?.metadata.labels ?? {}
    const words = ['istio-injection', 'istio.io/rev']
      .filter((key) => key in labels)
      .map((key) => `${key}=${labels[key]}`)
    const label = words.join(', ') || 'no injection label'
    const good = dryRun.admitted && proxyOf(dryRun.pod) !== undefined
    report({ kind: 'object', object: `namespace ${namespace}`, seen: label, good })
    report({
      kind: 'object',
      object: `a new pod in ${namespace} (dry run)`,
      seen: good ? 'with istio-proxy' : dryRun.admitted ? 'without a proxy' : 'refused',
      wanted: 'with istio-proxy',
      good,
    })
    if (!dryRun.admitted) return unmet('pod-refused', `A new pod in ${namespace} would be refused: ${dryRun.message}`)
    return good
      ? met('injected', `A new pod in ${namespace} gets a proxy.`)
      : unmet(
          'not-injected',
          `A new pod in ${namespace} would come up without a proxy; the namespace carries ${label}.`,
        )
  },
}
