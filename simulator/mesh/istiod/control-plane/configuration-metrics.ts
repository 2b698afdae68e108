import type { ControlPlaneContext } from './context.ts'

const kinds: readonly [resource: string, kind: string][] = [
  ['virtualservices.networking.istio.io', 'VirtualService'],
  ['destinationrules.networking.istio.io', 'DestinationRule'],
  ['gateways.networking.istio.io', 'Gateway'],
  ['serviceentries.networking.istio.io', 'ServiceEntry'],
  ['sidecars.networking.istio.io', 'Sidecar'],
  ['peerauthentications.security.istio.io', 'PeerAuthentication'],
  ['authorizationpolicies.security.istio.io', 'AuthorizationPolicy'],
  ['requestauthentications.security.istio.io', 'RequestAuthentication'],
  ['telemetries.telemetry.istio.io', 'Telemetry'],
]

const eventNames = { ADDED: 'add', MODIFIED: 'update', DELETED: 'delete' } as const

/** Counts services, virtual services and changes of configuration. */
export function countConfiguration({ api, metrics }: ControlPlaneContext): Disposable {
  const known = new Map<string, Set<string>>()
  const track = (resource: string, gauge: string | undefined, kind: string | undefined): Disposable => {
    const present = new Set<string>()
    known.set(resource, present)
    if (gauge !== undefined) metrics.set(gauge, 0)
    return api.watch(resource, ({ type, object }) => {
      if (type === 'DELETED') present.delete(object.metadata.uid)
      else present.add(object.metadata.uid)
      if (gauge !== undefined) metrics.set(gauge, present.size)
      if (kind !== undefined) metrics.add('pilot_k8s_cfg_events', 1, { event: eventNames[type], type: kind })
    })
  }
  const watches = [
    track('services', 'pilot_services', undefined),
    ...kinds.map(([resource, kind]) =>
      track(resource, kind === 'VirtualService' ? 'pilot_virt_services' : undefined, kind),
    ),
  ]
  return {
    [Symbol.dispose]() {
      for (const watch of watches) watch[Symbol.dispose]()
    },
  }
}
