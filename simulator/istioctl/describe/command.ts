import type { KubeObject } from '../../kubernetes/index.ts'
import type { Run } from '../command-line/command.ts'
import { CommandError } from '../command-line/io.ts'
import { namespaceOf, withClient } from '../kube/connect.ts'
import { meshOf, type MeshObjects } from './mesh-objects.ts'
import {
  destinationRuleLines,
  gatewayLines,
  peerAuthenticationLines,
  policyLines,
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
    const { name, namespace } = split(words[0] ?? '', namespaceOf(invocation, client))
    const pod = await client.get('v1', 'Pod', namespace, name)
    if (pod === undefined) throw new CommandError(`pods "${name}" not found`)
    io.stdout(podLines(pod))
    if (!hasProxy(pod)) {
      io.stdout(`WARNING: ${name}.${namespace} is not part of mesh; no Istio sidecar\n`)
      return 0
    }
    const mesh = await meshOf(client, namespace)
    const services = (await client.list('v1', 'Service', { namespace })).filter((service) => selectsPod(service, pod))
    for (const service of services) io.stdout(`${separator}${serviceLines(service, pod)}${rulesOf(mesh, service, pod)}`)
    io.stdout(`${separator}${peerAuthenticationLines(mesh, pod)}${policyLines(mesh, pod)}`)
    for (const service of services) io.stdout(gatewayLines(mesh, service))
    return 0
  })
}

export const describeService: Run = (invocation) => {
  const { io, words } = invocation
  if (words[0] === undefined) throw new CommandError('expecting service name')
  return withClient(invocation, async (client) => {
    const { name, namespace } = split(words[0] ?? '', namespaceOf(invocation, client))
    const service = await client.get('v1', 'Service', namespace, name)
    if (service === undefined) throw new CommandError(`services "${name}" not found`)
    const pods = (await client.list('v1', 'Pod', { namespace })).filter((pod) => selectsPod(service, pod))
    const [pod] = pods
    if (pod === undefined) {
      io.stdout(`Service "${name}.${namespace}" has no pods.\n`)
      return 0
    }
    const mesh = await meshOf(client, namespace)
    io.stdout(`${serviceLines(service, pod)}${rulesOf(mesh, service, pod)}${gatewayLines(mesh, service)}`)
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

function podLines(pod: KubeObject): string {
  const own: PodContainer[] = pod['spec'].containers
  const ports = own.flatMap((container) =>
    container.name === 'istio-proxy'
      ? []
      : (container.ports ?? []).map((port) => `${port.containerPort} (${container.name})`),
  )
  const revision = pod.metadata.annotations?.['istio.io/rev'] ?? pod.metadata.labels?.['istio.io/rev']
  const lines = [
    `Pod: ${pod.metadata.name}${pod.metadata.namespace === 'default' ? '' : `.${pod.metadata.namespace ?? ''}`}`,
    ...(revision === undefined ? [] : [`   Pod Revision: ${revision}`]),
    `   Pod Ports: ${ports.length === 0 ? 'none' : ports.join(', ')}`,
    ...['app', 'version']
      .filter((label) => pod.metadata.labels?.[label] === undefined)
      .map((label) => `Suggestion: add '${label}' label to pod for Istio telemetry.`),
  ]
  return `${lines.join('\n')}\n`
}

function selectsPod(service: KubeObject, pod: KubeObject): boolean {
  const selector: Record<string, string> = service['spec']?.selector ?? {}
  const entries = Object.entries(selector)
  return entries.length > 0 && entries.every(([key, value]) => pod.metadata.labels?.[key] === value)
}

const httpName = /^(?:http|http2|grpc|grpc-web)(?:-|$)/

function serviceLines(service: KubeObject, pod: KubeObject): string {
  const { name, namespace } = service.metadata
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
  const shown = namespace === pod.metadata.namespace && namespace === 'default' ? name : `${name}.${namespace ?? ''}`
  return `Service: ${shown}\n${ports.map((port) => `   Port: ${port.name === undefined || port.name === '' ? '' : `${port.name} `}${port.port}/${protocol(port)} targets pod port ${target(port)}\n`).join('')}`
}

function rulesOf(mesh: MeshObjects, service: KubeObject, pod: KubeObject): string {
  return `${destinationRuleLines(mesh, service, pod)}${virtualServiceLines(mesh, service)}`
}
