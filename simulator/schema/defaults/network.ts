import type { Tree } from '../tree.ts'

function defaultServicePort(port: Tree): void {
  port.protocol ||= 'TCP'
  if (port.targetPort === undefined || port.targetPort === 0 || port.targetPort === '') port.targetPort = port.port
}

/** Whether a service can be reached from outside the cluster. */
const isExternal = (spec: Tree): boolean =>
  spec.type === 'NodePort' ||
  spec.type === 'LoadBalancer' ||
  (spec.type === 'ClusterIP' && spec.externalIPs?.length > 0)

function defaultService({ spec }: Tree): void {
  spec.sessionAffinity ||= 'None'
  if (spec.sessionAffinity === 'None') delete spec.sessionAffinityConfig
  else if (spec.sessionAffinity === 'ClientIP') {
    spec.sessionAffinityConfig ??= {}
    spec.sessionAffinityConfig.clientIP ??= {}
    spec.sessionAffinityConfig.clientIP.timeoutSeconds ??= 10800
  }
  spec.type ||= 'ClusterIP'
  for (const port of spec.ports ?? []) defaultServicePort(port)
  if (isExternal(spec)) spec.externalTrafficPolicy ||= 'Cluster'
  if (spec.type !== 'ExternalName') spec.internalTrafficPolicy ??= 'Cluster'
  if (spec.type === 'LoadBalancer') spec.allocateLoadBalancerNodePorts ??= true
}

function defaultEndpoints(object: Tree): void {
  for (const subset of object.subsets ?? []) for (const port of subset.ports ?? []) port.protocol ||= 'TCP'
}

function defaultEndpointSlice(object: Tree): void {
  for (const port of object.ports ?? []) {
    port.name ??= ''
    port.protocol ??= 'TCP'
  }
}

function defaultNetworkPolicy({ spec }: Tree): void {
  for (const rule of [...(spec.ingress ?? []), ...(spec.egress ?? [])])
    for (const port of rule.ports ?? []) port.protocol ??= 'TCP'
  if (!spec.policyTypes || spec.policyTypes.length === 0)
    spec.policyTypes = spec.egress && spec.egress.length > 0 ? ['Ingress', 'Egress'] : ['Ingress']
}

function defaultIngressClass(object: Tree): void {
  if (object.spec?.parameters) object.spec.parameters.scope ??= 'Cluster'
}

export const networkDefaults: Record<string, (object: Tree) => void> = {
  'v1 Service': defaultService,
  'v1 Endpoints': defaultEndpoints,
  'discovery.k8s.io/v1 EndpointSlice': defaultEndpointSlice,
  'networking.k8s.io/v1 NetworkPolicy': defaultNetworkPolicy,
  'networking.k8s.io/v1 IngressClass': defaultIngressClass,
}
