import type { KubeObject } from '../../kubernetes/index.ts'
import type { Run } from '../command-line/command.ts'
import { CommandError } from '../command-line/io.ts'
import { namespaceOf, withClient } from '../kube/connect.ts'
import { readDump } from '../proxy-config/command.ts'
import { meshOf, shownName, type MeshObjects } from './mesh-objects.ts'
import {
  destinationRuleLines,
  gatewayLines,
  peerAuthenticationLines,
  policyLines,
  subsetsOf,
  virtualServiceLines,
} from './sections.ts'

const separator = '--------------------\n'

export const describeUnknown: Run = ({ words, io, path }) => {
  const [kind] = words
  if (kind !== undefined) return Promise.reject(new CommandError(`unknown resource type "${kind}"`))
  io.stdout(`Usage:\n  ${path} pod|service <name>\n`)
  return Promise.resolve(0)
}

export const describePod: Run = (invocation) => {
  const { io, words } = invocation
  if (words[0] === undefined) throw new CommandError('expecting pod name')
  return withClient(invocation, async (client) => {
    const here = namespaceOf(invocation, client)
    const { name, namespace } = split(words[0] ?? '', here)
    const pod = await client.get('v1', 'Pod', namespace, name)
    if (pod === undefined) throw new CommandError(`pods "${name}" not found`)
    io.stdout(podLines(pod, here))
    const services = (await client.list('v1', 'Service', { namespace })).filter((service) => selectsPod(service, pod))
    if (services.length === 0)
      io.stdout(
        `Warning: No Kubernetes Services select pod ${shownName(pod, here)} (see https://istio.io/docs/setup/kubernetes/additional-setup/requirements/ )\n`,
      )
    io.stdout(separator)
    await readDump(client, { name, namespace }).catch((error: Error) => {
      const reason = error.message.replace(/^failed to execute command on \S+ sidecar: /, '')
      throw new CommandError(`failed to execute command on sidecar: ${reason}`, 1, error)
    })
    const mesh = await meshOf(client, namespace, here)
    io.stdout(services.map((service) => serviceSection(mesh, service, pod, [pod])).join(separator))
    io.stdout(`${separator}${peerAuthenticationLines(mesh, pod)}`)
    for (const service of services) io.stdout(gatewayLines(mesh, service))
    return 0
  })
}

export const describeService: Run = (invocation) => {
  const { io, words } = invocation
  if (words[0] === undefined) throw new CommandError('expecting service name')
  return withClient(invocation, async (client) => {
    const here = namespaceOf(invocation, client)
    const { name, namespace } = split(words[0] ?? '', here)
    const service = await client.get('v1', 'Service', namespace, name)
    if (service === undefined) throw new CommandError(`services "${name}" not found`)
    const pods = (await client.list('v1', 'Pod', { namespace })).filter((pod) => selectsPod(service, pod))
    const [pod] = pods
    if (pod === undefined) {
      io.stdout(`Service "${shownName(service, here)}" has no pods.\n`)
      return 0
    }
    const mesh = await meshOf(client, namespace, here)
    io.stdout(`${serviceSection(mesh, service, pod, pods)}${gatewayLines(mesh, service)}`)
    return 0
  })
}

function split(text: string, namespace: string): { name: string; namespace: string } {
  const dot = text.indexOf('.')
  return dot < 0 ? { name: text, namespace } : { name: text.slice(0, dot), namespace: text.slice(dot + 1) }
}

interface PodContainer {
  name: string
  ports?: { containerPort: number; protocol?: string }[]
}

function containersOf(pod: KubeObject): PodContainer[] {
  return [...(pod['spec'].initContainers ?? []), ...pod['spec'].containers]
}

function hasProxy(pod: KubeObject): boolean {
  return containersOf(pod).some((container) => container.name === 'istio-proxy')
}

function podLines(pod: KubeObject, here: string): string {
  const name = shownName(pod, here)
  const own: PodContainer[] = pod['spec'].containers
  const ports = own.flatMap((container) =>
    (container.ports ?? []).map(({ containerPort, protocol = 'TCP' }) => {
      return `${containerPort}${protocol === 'TCP' ? '' : `/${protocol}`} (${container.name})`
    }),
  )
  const waiting = (statuses: { name: string; ready?: boolean }[] = []) =>
    statuses.filter(({ ready }) => ready !== true).map((status) => status.name)
  const lines = [
    `Pod: ${name}`,
    `   Pod Revision: ${revisionOf(pod)}`,
    ports.length === 0 ? '   Pod does not expose ports' : `   Pod Ports: ${ports.join(', ')}`,
    ...waiting(pod['status']?.containerStatuses).map((each) => `WARNING: Pod ${name} Container ${each} NOT READY`),
    ...waiting(pod['status']?.initContainerStatuses).map(
      (each) => `WARNING: Pod ${name} Init Container ${each} NOT READY`,
    ),
    ...(hasProxy(pod) ? [] : [`WARNING: ${name} is not part of mesh; no Istio sidecar`]),
  ]
  return `${lines.join('\n')}\n`
}

/** Of the Istio that injected it. */
function revisionOf({ metadata: { annotations = {} } }: KubeObject): string {
  const status = annotations['sidecar.istio.io/status']
  const injected = status === undefined ? undefined : (JSON.parse(status) as { revision?: string }).revision
  return annotations['istio.io/rev'] ?? injected ?? ''
}

function selectsPod(service: KubeObject, pod: KubeObject): boolean {
  const selector: Record<string, string> = service['spec']?.selector ?? {}
  const entries = Object.entries(selector)
  return entries.length > 0 && entries.every(([key, value]) => pod.metadata.labels?.[key] === value)
}

const httpName = /^(?:http|http2|grpc|grpc-web)(?:-|$)/

function serviceLines(service: KubeObject, here: string): string {
  const ports: {
    port: number
    name?: string
    appProtocol?: string
    targetPort?: number | string
    protocol?: string
  }[] = service['spec'].ports ?? []
  const target = (port: (typeof ports)[number]): string => String(port.targetPort ?? port.port)
  const protocol = (port: (typeof ports)[number]): string => {
    const text = port.appProtocol ?? port.name ?? ''
    if (httpName.test(text)) return text.startsWith('http2') ? 'HTTP2' : text.startsWith('grpc') ? 'GRPC' : 'HTTP'
    if (/^(?:tcp|tls|https|mongo|mysql|redis)(?:-|$)/.test(text)) return (text.split('-')[0] ?? '').toUpperCase()
    return port.protocol === 'UDP' ? 'UDP' : 'auto-detect'
  }
  return `Service: ${shownName(service, here)}\n${ports.map((port) => `   Port: ${port.name === undefined || port.name === '' ? '' : `${port.name} `}${port.port}/${protocol(port)} targets pod port ${target(port)}\n`).join('')}`
}

/** A service, and what Istio does with calls to those of its pods. */
function serviceSection(mesh: MeshObjects, service: KubeObject, pod: KubeObject, pods: readonly KubeObject[]): string {
  const subsets = subsetsOf(mesh, service, pods)
  const rules = `${destinationRuleLines(mesh, subsets)}${virtualServiceLines(mesh, service, subsets)}`
  return `${serviceLines(service, mesh.here)}${rules}${policyLines(mesh, pod)}`
}
