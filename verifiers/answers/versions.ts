import type { V1Pod } from '@kubernetes/client-node'
import type { ProbeAnswer } from '../../protocol/probe.ts'
import type { CheckContext } from '../context.ts'

/** Which version answered, by the pod that the answer names: bookinfo's programs put `podname` into their JSON. */
export async function versionReader(
  context: CheckContext,
  namespace: string,
  app: string,
): Promise<(answer: ProbeAnswer) => string> {
  const pods = await context.kubernetes.list<V1Pod>(
    { apiVersion: 'v1', plural: 'pods' },
    { namespace, labelSelector: `app=${app}` },
  )
  const versions = new Map(pods.map((pod) => [pod.metadata?.name, pod.metadata?.labels?.['version'] ?? 'no version']))
  return (answer) => {
    const name = /"podname"\s*:\s*"([^"]+)"/.exec(answer.body ?? '')?.[1]
    return (name !== undefined && versions.get(name)) || 'a pod that is gone'
  }
}

/** How many answers each version gave; what was no 200 counts under its own label. */
export function countVersions(
  answers: readonly ProbeAnswer[],
  version: (answer: ProbeAnswer) => string,
): Record<string, number> {
  const result: Record<string, number> = {}
  for (const answer of answers) {
    const name = answer.status === 200 ? version(answer) : `no answer (${answer.status ?? answer.failure?.kind})`
    result[name] = (result[name] ?? 0) + answer.count
  }
  return result
}

export function inWords(counted: Record<string, number>): string {
  return Object.entries(counted)
    .toSorted(([a], [b]) => a.localeCompare(b))
    .map(([name, count]) => `${count} × ${name}`)
    .join(', ')
}
