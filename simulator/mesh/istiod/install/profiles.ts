import type { Tree } from './tree.ts'

const smallProxy = { requests: { cpu: '10m', memory: '40Mi' } }
const smallGateway = (enabled: boolean, name: string, ports?: Tree[]): Tree => ({
  name,
  enabled,
  k8s: {
    resources: { ...smallProxy, limits: { cpu: '2', memory: '1Gi' } },
    ...(ports === undefined ? {} : { service: { ports } }),
  },
})

const port = (name: string, number: number, targetPort = number): Tree => ({
  name,
  port: number,
  targetPort,
  protocol: 'TCP',
})

/** What every profile starts from: istiod and one ingress gateway. */
const base: Tree = {
  components: {
    base: { enabled: true },
    pilot: { enabled: true },
    cni: { enabled: false },
    ztunnel: { enabled: false },
    ingressGateways: [{ name: 'istio-ingressgateway', enabled: true }],
    egressGateways: [{ name: 'istio-egressgateway', enabled: false }],
  },
}

const withoutGateways = {
  ingressGateways: [{ name: 'istio-ingressgateway', enabled: false }],
  egressGateways: [{ name: 'istio-egressgateway', enabled: false }],
}

const demo: Tree = {
  components: {
    pilot: { k8s: { resources: { requests: { cpu: '10m', memory: '100Mi' } } } },
    ingressGateways: [
      smallGateway(true, 'istio-ingressgateway', [
        port('status-port', 15021),
        port('http2', 80, 8080),
        port('https', 443, 8443),
        port('tcp', 31400),
        port('tls', 15443),
      ]),
    ],
    egressGateways: [smallGateway(true, 'istio-egressgateway')],
  },
  meshConfig: { accessLogFile: '/dev/stdout' },
  values: {
    global: { proxy: { resources: smallProxy } },
    pilot: { autoscaleEnabled: false, traceSampling: 100 },
    gateways: {
      'istio-ingressgateway': { autoscaleEnabled: false },
      'istio-egressgateway': { autoscaleEnabled: false },
    },
  },
}

/** The profiles of istioctl that this build can install, over `base`. */
const profiles: Readonly<Record<string, Tree>> = {
  default: {},
  demo,
  minimal: { components: withoutGateways },
  empty: { components: { base: { enabled: false }, pilot: { enabled: false }, ...withoutGateways } },
}

/** Profiles of the real istioctl that need parts (CNI, ztunnel, a remote control plane, admission policies) that this build has not. */
export const unsupportedProfiles: readonly string[] = [
  'ambient',
  'remote',
  'openshift',
  'openshift-ambient',
  'preview',
  'stable',
]

export const profileNames: readonly string[] = Object.keys(profiles)

/** Settings of a profile, and the base below them; undefined when there is no such profile. */
export function profile(name: string): { base: Tree; over: Tree } | undefined {
  const over = profiles[name]
  return over === undefined ? undefined : { base, over }
}
