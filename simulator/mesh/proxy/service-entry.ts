import { isIP } from 'node:net'
import type { KubeObject } from '../../kubernetes/index.ts'
import { portProtocol } from './port-protocol.ts'
import type { MeshService } from './registry.ts'
import type { ServiceEntrySpec } from './specs.ts'

type Port = NonNullable<ServiceEntrySpec['ports']>[number]

function namesOf(host: string, spec: ServiceEntrySpec, port: Port): { name: string; port: number }[] {
  const target = port.targetPort ?? port.number
  const endpoints = (spec.endpoints ?? []).filter((endpoint) => endpoint.address !== undefined)
  if (endpoints.length === 0) return [{ name: host, port: target }]
  return endpoints.map(({ address = '', ports }) => ({ name: address, port: ports?.[port.name ?? ''] ?? target }))
}

/** The hosts that a ServiceEntry adds, a port each. Source: pilot/pkg/serviceregistry/serviceentry. */
export function servicesOfEntry(object: KubeObject): MeshService[] {
  const spec = (object.spec ?? {}) as ServiceEntrySpec
  const allocated = ((object.status?.addresses ?? []) as { value?: string }[]).map((address) => address.value ?? '')
  const addresses = [...(spec.addresses ?? []), ...allocated]
  return (spec.hosts ?? []).flatMap((host) =>
    (spec.ports ?? []).map((port): MeshService => {
      const names = namesOf(host, spec, port)
      const fixed = spec.resolution === 'STATIC' ? names.filter(({ name }) => isIP(name) !== 0) : []
      return {
        hostname: host.toLowerCase(),
        namespace: object.metadata.namespace ?? '',
        port: port.number,
        protocol: portProtocol(port.number, port.protocol ?? port.name ?? ''),
        resolution:
          spec.resolution === 'STATIC' ? 'static' : spec.resolution?.startsWith('DNS') ? 'dns' : 'passthrough',
        external: spec.location !== 'MESH_INTERNAL',
        endpoints: fixed.map(({ name, port: number }) => ({ ip: name, port: number })),
        names,
        addresses,
        exportTo: spec.exportTo,
      }
    }),
  )
}
