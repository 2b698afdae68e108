import type { Api, KubeObject } from '../../kubernetes/index.ts'
import { compileDestinationRules, type DestinationRule } from './destination-rule.ts'
import { readMeshConfig, type MeshConfig } from './mesh-config.ts'
import type { MeshService } from './registry.ts'
import { compileVirtualServices, type VirtualService } from './routes/index.ts'
import { oldestFirst } from './selector.ts'
import { servicesOfEntry } from './service-entry.ts'

/** All that istiod tells proxies, compiled. A new object for every change. */
export interface Configuration {
  mesh: MeshConfig
  /** Oldest first. */
  peerAuthentications: readonly KubeObject[]
  requestAuthentications: readonly KubeObject[]
  authorizationPolicies: readonly KubeObject[]
  virtualServices: readonly VirtualService[]
  destinationRules: readonly DestinationRule[]
  gateways: readonly KubeObject[]
  sidecars: readonly KubeObject[]
  telemetries: readonly KubeObject[]
  serviceEntries: readonly MeshService[]
}

const KINDS = [
  'peerauthentications.security.istio.io',
  'requestauthentications.security.istio.io',
  'authorizationpolicies.security.istio.io',
  'virtualservices.networking.istio.io',
  'destinationrules.networking.istio.io',
  'gateways.networking.istio.io',
  'serviceentries.networking.istio.io',
  'sidecars.networking.istio.io',
  'telemetries.telemetry.istio.io',
] as const

/** Where the installation lives. Source: the default of MeshConfig.rootNamespace, and of istioctl's namespace. */
const ISTIO_NAMESPACE = 'istio-system'

const isIstiod = (object: KubeObject): boolean => object.metadata.labels?.app === 'istiod'

function isReady(pod: KubeObject): boolean {
  const conditions = (pod.status?.conditions ?? []) as { type: string; status: string }[]
  return (
    pod.metadata.deletionTimestamp === undefined &&
    conditions.some((condition) => condition.type === 'Ready' && condition.status === 'True')
  )
}

function compile(api: Api): Configuration {
  const list = (name: (typeof KINDS)[number]): readonly KubeObject[] =>
    api.resource(name) === undefined ? [] : api.list(name).toSorted(oldestFirst)
  return {
    mesh: readMeshConfig(api.get('configmaps', ISTIO_NAMESPACE, 'istio')),
    peerAuthentications: list('peerauthentications.security.istio.io'),
    requestAuthentications: list('requestauthentications.security.istio.io'),
    authorizationPolicies: list('authorizationpolicies.security.istio.io'),
    virtualServices: compileVirtualServices(list('virtualservices.networking.istio.io')),
    destinationRules: compileDestinationRules(list('destinationrules.networking.istio.io')),
    gateways: list('gateways.networking.istio.io'),
    sidecars: list('sidecars.networking.istio.io'),
    telemetries: list('telemetries.telemetry.istio.io'),
    serviceEntries: list('serviceentries.networking.istio.io').flatMap(servicesOfEntry),
  }
}

const NOTHING: Configuration = {
  mesh: readMeshConfig(undefined),
  peerAuthentications: [],
  requestAuthentications: [],
  authorizationPolicies: [],
  virtualServices: [],
  destinationRules: [],
  gateways: [],
  sidecars: [],
  telemetries: [],
  serviceEntries: [],
}

/**
 * The configuration as proxies know it now. Compiled when it is next asked for after a change. While no istiod is ready,
 * proxies keep what they were told last; endpoints still follow the cluster, which is kinder than the truth.
 */
export class ConfigurationSource implements Disposable {
  readonly #api: Api
  readonly #watches: Disposable[]
  #current = NOTHING
  #changed = true
  #istiodChanged = true
  #istiodReady = false

  constructor(api: Api) {
    this.#api = api
    const changed = (): void => {
      this.#changed = true
    }
    this.#watches = KINDS.map((name) => api.watch(name, changed))
    this.#watches.push(
      api.watch('configmaps', ({ object }) => {
        if (object.metadata.name === 'istio' && object.metadata.namespace === ISTIO_NAMESPACE) changed()
      }),
      api.watch('pods', ({ object }) => {
        if (isIstiod(object)) this.#istiodChanged = true
      }),
    )
  }

  /** Whether an istiod is ready. */
  isControlled(): boolean {
    if (this.#istiodChanged) {
      this.#istiodReady = this.#api.list('pods', { labels: { app: 'istiod' } }).some(isReady)
      this.#istiodChanged = false
    }
    return this.#istiodReady
  }

  current(): Configuration {
    if (this.#changed && this.isControlled()) {
      this.#current = compile(this.#api)
      this.#changed = false
    }
    return this.#current
  }

  [Symbol.dispose](): void {
    for (const watch of this.#watches) watch[Symbol.dispose]()
  }
}
