import type { KubeObject } from '../../kubernetes/index.ts'
import type { KubeClient } from '../kube/client.ts'

/** The configuration that may affect workloads of a namespace: its own, the root namespace's, and routes of all. */
export interface MeshObjects {
  /** Of the command line: names of objects in it stand alone. */
  here: string
  namespace: string
  rootNamespace: string
  virtualServices: KubeObject[]
  destinationRules: KubeObject[]
  gateways: KubeObject[]
  peerAuthentications: KubeObject[]
  authorizationPolicies: KubeObject[]
}

export async function meshOf(client: KubeClient, namespace: string, here: string): Promise<MeshObjects> {
  const rootNamespace = 'istio-system'
  const [virtualServices, destinationRules, gateways, peers, policies] = await Promise.all([
    client.list('networking.istio.io/v1', 'VirtualService'),
    client.list('networking.istio.io/v1', 'DestinationRule'),
    client.list('networking.istio.io/v1', 'Gateway'),
    client.list('security.istio.io/v1', 'PeerAuthentication'),
    client.list('security.istio.io/v1', 'AuthorizationPolicy'),
  ])
  const near = (object: KubeObject): boolean => [namespace, rootNamespace].includes(object.metadata.namespace ?? '')
  return {
    here,
    namespace,
    rootNamespace,
    virtualServices,
    destinationRules,
    gateways,
    peerAuthentications: peers.filter(near),
    authorizationPolicies: policies.filter(near),
  }
}

/** Whether a host of an Istio object, written in that object's namespace, names the service. */
export function namesService(host: string, from: KubeObject, service: KubeObject): boolean {
  const full = `${service.metadata.name}.${service.metadata.namespace ?? ''}.svc.cluster.local`
  const written = host.includes('.') ? host : `${host}.${from.metadata.namespace ?? ''}.svc.cluster.local`
  if (written.startsWith('*')) return full.endsWith(written.slice(1))
  return written === full || `${written}.svc.cluster.local` === full || `${written}.cluster.local` === full
}

/** Policies that act on the pod: without a selector, or with one that fits. */
export function actsOn(policy: KubeObject, pod: KubeObject): boolean {
  const labels: Record<string, string> = policy['spec']?.selector?.matchLabels ?? {}
  return Object.entries(labels).every(([key, value]) => pod.metadata.labels?.[key] === value)
}

/** A name as `describe` shows it: with its namespace when that is another one than the command line's. */
export function shownName({ metadata }: KubeObject, here: string): string {
  return metadata.namespace === here ? metadata.name : `${metadata.name}.${metadata.namespace ?? ''}`
}
