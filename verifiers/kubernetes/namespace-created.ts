import * as v from 'valibot'
import { GRADER_NAMESPACE } from '../../protocol/probe.ts'
import { met, unmet, type Verifier } from '../context.ts'
import { parametersOf } from '../parameters.ts'

const ofTheCluster = [
  'default',
  'kube-system',
  'kube-public',
  'kube-node-lease',
  'local-path-storage',
  GRADER_NAMESPACE,
]

const parameters = parametersOf(v.strictObject({ ignore: v.optional(v.array(v.string()), []) }))

export const namespaceCreated: Verifier<ReturnType<typeof parameters>> = {
  name: 'kubernetes/namespace-created',
  proves: 'A namespace exists that neither the cluster nor the lab brought along.',
  parameters,
  async verify({ kubernetes, report }, { ignore }) {
    const namespaces = await kubernetes.list({ apiVersion: 'v1', plural: 'namespaces' })
    const own = namespaces
      .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
      .map(({ metadata }) => metadata.name)
      .filter((name) => !ofTheCluster.includes(name) && !ignore.includes(name))
    report({
      kind: 'object',
      object: 'namespaces of your own',
      seen: own.join(', ') || 'none',
      wanted: 'at least one',
      good: own.length > 0,
    })
    return own.length > 0
      ? met('namespace-created', `The namespace ${own[0]} is yours.`)
      : unmet(
          'no-namespace',
          'There are only the namespaces that every cluster has. Make one of your own, with any name.',
        )
  },
}
