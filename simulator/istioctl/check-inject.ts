import { matchesSelector, type KubeObject, type LabelSelector } from '../kubernetes/index.ts'
import type { Run } from './command-line/command.ts'
import { CommandError } from './command-line/io.ts'
import type { KubeClient } from './kube/client.ts'
import { namespaceOf, withClient } from './kube/connect.ts'
import { findPod } from './kube/pod-name.ts'

interface Webhook {
  name: string
  namespaceSelector?: LabelSelector
  objectSelector?: LabelSelector
}

/** `x check-inject`: which injector would take a pod, and why. */
export const checkInject: Run = (invocation) => {
  const { io, flags, words } = invocation
  const [name] = words
  const wanted = flags.text('labels')
  if (name === undefined && wanted === undefined) {
    throw new CommandError(
      'check-inject requires only [<resource-type>/]<resource-name>[.<namespace>], or specify labels flag',
    )
  }
  return withClient(invocation, async (client) => {
    const place = namespaceOf(invocation, client)
    const { labels, namespace } =
      name === undefined ? { labels: labelsOf(wanted ?? ''), namespace: place } : await podLabels(client, name, place)
    const home = await client.get('v1', 'Namespace', undefined, namespace)
    const namespaceLabels = home?.metadata.labels ?? {}
    const configurations = await client.list('admissionregistration.k8s.io/v1', 'MutatingWebhookConfiguration', {
      labels: 'app=sidecar-injector',
    })
    const rows = configurations
      .toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1))
      .map((configuration) => {
        const { injected, reason } = judge(configuration, namespaceLabels, labels)
        // The sign counts with its colour codes, as text/tabwriter counts bytes.
        const sign = injected ? '\u001B[32m✔\u001B[0m' : '\u001B[31m✘\u001B[0m'
        return [
          configuration.metadata.name,
          configuration.metadata.labels?.['istio.io/rev'] ?? '',
          sign,
          reason,
        ] as const
      })
    const width = Math.max('WEBHOOK'.length, ...rows.map(([webhook]) => webhook.length)) + 2
    io.stdout(`${'WEBHOOK'.padEnd(width)}${'REVISION'.padEnd(10)}${'INJECTED'.padEnd(14)}REASON\n`)
    for (const [webhook, revision, sign, reason] of rows)
      io.stdout(`${webhook.padEnd(width)}${revision.padEnd(10)}${sign}${' '.repeat(13)}${reason}\n`)
    return 0
  })
}

async function podLabels(
  client: KubeClient,
  text: string,
  place: string,
): Promise<{ labels: Record<string, string>; namespace: string }> {
  const { name, namespace } = await findPod(client, text, place)
  const pod = await client.get('v1', 'Pod', namespace, name)
  if (pod === undefined) throw new CommandError(`pods "${name}" not found`)
  return { labels: pod.metadata.labels ?? {}, namespace }
}

function labelsOf(text: string): Record<string, string> {
  return Object.fromEntries(
    text.split(',').map((pair): [string, string] => [pair.split('=')[0] ?? '', pair.split('=')[1] ?? '']),
  )
}

function judge(
  configuration: KubeObject,
  namespace: Record<string, string>,
  pod: Record<string, string>,
): { injected: boolean; reason: string } {
  const webhooks: Webhook[] = configuration['webhooks'] ?? []
  if (webhooks.every((webhook) => webhook.namespaceSelector?.matchLabels?.['istio.io/deactivated'] !== undefined)) {
    return { injected: false, reason: 'The injection webhook is deactivated, and will never match labels.' }
  }
  const hit = webhooks.find(
    (webhook) => matchesSelector(webhook.namespaceSelector, namespace) && matchesSelector(webhook.objectSelector, pod),
  )
  if (hit === undefined) {
    const inject = pod['sidecar.istio.io/inject']
    if (inject === 'false') return { injected: false, reason: 'Pod label sidecar.istio.io/inject=false' }
    const injection = namespace['istio-injection']
    if (injection !== undefined && injection !== 'enabled')
      return { injected: false, reason: `Namespace label istio-injection=${injection}` }
    return {
      injected: false,
      reason: 'No matching namespace labels (istio.io/rev or istio-injection=enabled) or pod labels (istio.io/rev)',
    }
  }
  const byNamespace = hit.name.includes('namespace.')
  const revision = byNamespace ? namespace['istio.io/rev'] : pod['istio.io/rev']
  const where = byNamespace ? 'Namespace' : 'Pod'
  if (hit.name.startsWith('rev.')) return { injected: true, reason: `${where} label istio.io/rev=${revision} matches` }
  return {
    injected: true,
    reason: byNamespace
      ? 'Namespace label istio-injection=enabled matches'
      : 'Pod label sidecar.istio.io/inject=true matches',
  }
}
