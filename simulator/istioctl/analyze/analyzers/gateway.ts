import {
  fullName,
  hasLabels,
  namespaceOf,
  selectorText,
  type AnalyzedResource,
  type Analyzer,
  type World,
} from '../world.ts'

interface Server {
  port?: { number?: number; protocol?: string }
  hosts?: string[]
  tls?: { credentialName?: string; mode?: string }
  bind?: string
}

function serversOf(gateway: AnalyzedResource): Server[] {
  return gateway.object['spec']?.servers ?? []
}

function selectorOf(gateway: AnalyzedResource): Record<string, string> {
  return gateway.object['spec']?.selector ?? {}
}

function podsOf(world: World, gateway: AnalyzedResource): AnalyzedResource[] {
  const selector = selectorOf(gateway)
  return Object.keys(selector).length === 0
    ? []
    : world.of('Pod').filter((pod) => hasLabels(pod.object.metadata.labels, selector))
}

const ports: Analyzer = {
  name: 'gateway.IngressGatewayPortAnalyzer',
  needsCluster: true,
  run(world, report) {
    for (const gateway of world.of('Gateway')) {
      const selector = selectorOf(gateway)
      if (Object.keys(selector).length === 0) continue
      const pods = podsOf(world, gateway)
      if (pods.length === 0) {
        const path = ['spec', 'selector', Object.keys(selector)[0] ?? '']
        report('IST0101', 'Error', gateway, `Referenced selector not found: "${selectorText(selector)}"`, path)
        continue
      }
      const open = new Set(pods.flatMap((pod) => servicePorts(world, pod)))
      for (const server of serversOf(gateway)) {
        const number = server.port?.number ?? 0
        if (open.has(number)) continue
        const text = `The gateway is listening on a target port (port ${number}) that is not defined in the Service associated with its workload instances (Pod selector ${selectorText(selector)}). If you need to access the gateway port through the gateway Service, it will not be available.`
        report('IST0162', 'Warning', gateway, text, ['spec', 'selector', Object.keys(selector)[0] ?? ''])
      }
    }
  },
}

/** Ports of all services of a pod: as callers dial them and as the pod listens. */
function servicePorts(world: World, pod: AnalyzedResource): number[] {
  return world
    .of('Service')
    .filter((service) => {
      const selector: Record<string, string> = service.object['spec']?.selector ?? {}
      return (
        namespaceOf(service) === namespaceOf(pod) &&
        Object.keys(selector).length > 0 &&
        hasLabels(pod.object.metadata.labels, selector)
      )
    })
    .flatMap((service) => {
      const list: { port: number; targetPort?: number | string }[] = service.object['spec']?.ports ?? []
      return list.flatMap(({ port, targetPort }) => (typeof targetPort === 'number' ? [port, targetPort] : [port]))
    })
}

const credentials: Analyzer = {
  name: 'gateway.SecretAnalyzer',
  needsCluster: true,
  run(world, report) {
    const secrets = new Set(world.of('Secret').map(fullName))
    for (const gateway of world.of('Gateway')) {
      const home = podsOf(world, gateway)[0]
      const namespace = home === undefined ? namespaceOf(gateway) : namespaceOf(home)
      for (const [index, server] of serversOf(gateway).entries()) {
        const name = server.tls?.credentialName
        if (
          name === undefined ||
          name === '' ||
          secrets.has(`${namespace}/${name}`) ||
          secrets.has(`${namespace}/${name}-cacert`)
        )
          continue
        report('IST0101', 'Error', gateway, `Referenced credentialName not found: "${name}"`, [
          'spec',
          'servers',
          index,
          'tls',
          'credentialName',
        ])
      }
    }
  },
}

const conflicts: Analyzer = {
  name: 'gateway.ConflictingGatewayAnalyzer',
  needsCluster: true,
  run(world, report) {
    const all = world.of('Gateway')
    for (const gateway of all) {
      for (const server of serversOf(gateway)) {
        const rivals = all.filter(
          (other) =>
            other !== gateway && samePlace(gateway, other) && serversOf(other).some((theirs) => clash(server, theirs)),
        )
        if (rivals.length === 0) continue
        const text = `Conflict with gateways ${rivals.map(fullName).join(',')} (workload selector ${selectorText(selectorOf(gateway))}, port ${server.port?.number ?? 0}, hosts ${(server.hosts ?? []).join(',')}).`
        report('IST0145', 'Error', gateway, text)
      }
    }
  },
}

function samePlace(one: AnalyzedResource, other: AnalyzedResource): boolean {
  return selectorText(selectorOf(one)) === selectorText(selectorOf(other))
}

function clash(one: Server, other: Server): boolean {
  if (one.port?.number !== other.port?.number || (one.bind ?? '') !== (other.bind ?? '')) return false
  const bare = (host: string): string => host.slice(host.indexOf('/') + 1)
  return (one.hosts ?? []).some((host) => (other.hosts ?? []).some((theirs) => bare(host) === bare(theirs)))
}

const certificates: Analyzer = {
  name: 'gateway.CertificateAnalyzer',
  needsCluster: false,
  run(world, report) {
    const all = world.of('Gateway')
    const names = (gateway: AnalyzedResource): string[] =>
      serversOf(gateway).flatMap(({ tls }) =>
        tls?.credentialName === undefined || tls.credentialName === '' ? [] : [tls.credentialName],
      )
    for (const gateway of all) {
      const rivals = all.filter(
        (other) =>
          other !== gateway && samePlace(gateway, other) && names(other).some((name) => names(gateway).includes(name)),
      )
      if (rivals.length === 0) continue
      const shown = [gateway, ...rivals].map(fullName).join(' ')
      report(
        'IST0138',
        'Warning',
        gateway,
        `Duplicate certificate in multiple gateways [${shown}] may cause 404s if clients re-use HTTP2 connections.`,
        ['metadata', 'name'],
      )
    }
  },
}

export const gatewayAnalyzers: readonly Analyzer[] = [ports, credentials, conflicts, certificates]
