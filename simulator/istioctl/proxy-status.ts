import { stringify } from 'yaml'
import { istioRevision, istioVersion } from '../mesh/istiod/install/version.ts'
import type { KubeObject } from '../kubernetes/index.ts'
import type { Invocation, Run } from './command-line/command.ts'
import { CommandError } from './command-line/io.ts'
import type { KubeClient } from './kube/client.ts'
import { namespaceOf, withClient } from './kube/connect.ts'
import { findPod, requirePod } from './kube/pod-name.ts'
import { istiodPods } from './mesh-state.ts'
import { readDump } from './proxy-config/command.ts'
import { table } from './table.ts'

/** A gateway without a listener of HTTP has no routes to ask for. */
const typesOf = (pod: KubeObject, gateways: readonly KubeObject[]): string[] => {
  const base = ['CDS', 'LDS', 'EDS']
  const isGateway = pod['spec'].containers.every(({ name }: { name: string }) => name === 'istio-proxy')
  const selects = (gateway: KubeObject): boolean =>
    Object.entries(gateway['spec']?.selector ?? {}).every(([key, value]) => pod.metadata.labels?.[key] === value)
  return isGateway && !gateways.some(selects) ? base : [...base, 'RDS']
}
const shown = (types: readonly string[]): string => `${types.length} (${types.join(',')})`

export const proxyStatus: Run = (invocation) => {
  const { io, flags, words } = invocation
  const [name] = words
  return withClient(invocation, async (client) => {
    if (name !== undefined) return oneProxy(invocation, client, name)
    const istioNamespace = flags.text('istioNamespace') ?? 'istio-system'
    const revision = flags.text('revision')
    const istiods = await istiodPods(client, istioNamespace, revision)
    const [istiod] = istiods
    if (istiod === undefined) throw new CommandError(`no running Istio pods in "${istioNamespace}"`)
    const proxies = (await client.list('v1', 'Pod'))
      .filter(runsProxy)
      .toSorted((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1))
    const output = flags.text('output')
    if (output === 'json' || output === 'yaml') {
      const value = statusObject(istiod, proxies)
      io.stdout(output === 'json' ? `${JSON.stringify(value, undefined, 4)}\n` : stringify(value))
      return 0
    }
    const gateways = await client.list('networking.istio.io/v1', 'Gateway')
    const rows = proxies.map((pod) => [
      nameOf(pod),
      'Kubernetes',
      istiod.metadata.name,
      istioVersion,
      shown(typesOf(pod, gateways)),
    ])
    io.stdout(table([['NAME', 'CLUSTER', 'ISTIOD', 'VERSION', 'SUBSCRIBED TYPES'], ...rows]))
    return 0
  })
}

function nameOf(pod: KubeObject): string {
  return `${pod.metadata.name}.${pod.metadata.namespace ?? ''}`
}

function runsProxy(pod: KubeObject): boolean {
  const states: { name: string; ready?: boolean }[] = [
    ...(pod['status']?.initContainerStatuses ?? []),
    ...(pod['status']?.containerStatuses ?? []),
  ]
  return pod['status']?.phase === 'Running' && states.some((state) => state.name === 'istio-proxy')
}

function statusObject(istiod: KubeObject, proxies: readonly KubeObject[]): object {
  const version = {
    version: istioVersion,
    revision: istioRevision,
    golang_version: '',
    status: 'Clean',
    tag: istioVersion,
  }
  return {
    versionInfo: new Date().toISOString(),
    typeUrl: 'istio.io/debug/syncz',
    resources: proxies.map((pod) => ({
      '@type': 'type.googleapis.com/envoy.service.status.v3.ClientConfig',
      node: { id: nameOf(pod) },
    })),
    controlPlane: { identifier: JSON.stringify({ Component: 'istiod', ID: istiod.metadata.name, Info: version }) },
  }
}

/** With a pod: whether its proxy has what istiod would send. The simulated proxies are told at once, so they are in step. */
async function oneProxy(invocation: Invocation, client: KubeClient, text: string): Promise<number> {
  const pod = await findPod(client, text, namespaceOf(invocation, client))
  try {
    await requirePod(client, pod)
    await readDump(client, pod)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new CommandError(
      `could not contact sidecar: ${reason.replace(/^failed to execute command on \S+ sidecar: /, '')}`,
      1,
      error,
    )
  }
  for (const kind of ['Clusters', 'Listeners', 'Routes']) invocation.io.stdout(`${kind} Match\n`)
  return 0
}
