import type { Api, Clock, KubeObject, Random } from '../../kubernetes/index.ts'
import type { Fabric, InboundCall, Mesh, OutboundCall, ServicePort, Workload } from '../contract.ts'
import type { ProxyAdmin } from '../../programs/proxy-admin.ts'
import { redirectsInbound } from '../inbound-ports.ts'
import { createTelemetry, type Telemetry } from '../telemetry/index.ts'
import { createAdmin } from './admin.ts'
import { ConfigurationSource, type Configuration } from './configuration.ts'
import { gateway } from './gateway.ts'
import { inbound } from './inbound.ts'
import { outbound } from './outbound.ts'
import type { Proxy, ProxyState } from './proxy.ts'
import { buildRegistry, type Registry } from './registry.ts'
import { createReporter } from './report.ts'
import { ServerPolicies } from './server-policy.ts'

/** Proxies' memories that are kept; beyond, those silent for longest go (a grader's callers come and never say goodbye). */
const MAX_PROXIES = 500

/** Ports that istio-init leaves alone: they are the proxy's own. */
const PROXY_PORTS: readonly number[] = [15090, 15021, 15020]

/** What is worked out once for each configuration. */
interface Compiled {
  configuration: Configuration
  policies: ServerPolicies
  registries: WeakMap<readonly ServicePort[], Registry>
}

function excludesOutbound(pod: KubeObject, port: number): boolean {
  const text = pod.metadata.annotations?.['traffic.sidecar.istio.io/excludeOutboundPorts']
  return text !== undefined && text.split(',').some((entry) => Number(entry.trim()) === port)
}

export interface MeshParts {
  api: Api
  clock: Clock
  random: Random
}

/** The data plane: every proxy of the cluster, each with its own memory, all told the same configuration. */
export class ProxyMesh implements Mesh, Disposable {
  readonly telemetry: Telemetry
  /** For the program of the proxy's image. */
  readonly admin: ProxyAdmin
  readonly #api: Api
  readonly #clock: Clock
  readonly #random: Random
  readonly #source: ConfigurationSource
  readonly #pods: Disposable
  readonly #states = new Map<string, ProxyState>()
  readonly #listeners = new Set<(workload: Workload, line: string) => void>()
  #compiled: Compiled | undefined
  /** Known from the first request on, or once the network attached itself. */
  #fabric: Fabric | undefined

  constructor({ api, clock, random }: MeshParts) {
    this.#api = api
    this.#clock = clock
    this.#random = random.fork('mesh')
    this.telemetry = createTelemetry({ clock })
    this.#source = new ConfigurationSource(api)
    this.admin = createAdmin({
      telemetry: this.telemetry,
      isConfigured: () => this.#source.isControlled(),
      proxyOfPod: (pod) => this.#proxyOfPod(pod),
      onAccessLog: (listener) => this.onAccessLog(listener),
    })
    this.#pods = api.watch('pods', ({ type, object }) => {
      if (type === 'DELETED') this.#states.delete(object.metadata.uid)
    })
  }

  async outbound(call: OutboundCall, fabric: Fabric) {
    const proxy = this.proxyOf(call.from, fabric)
    if (excludesOutbound(call.from.pod, call.port)) {
      const connection = { sourceIp: call.from.ip, tls: call.request.scheme === 'https' ? 'tls' : 'none' } as const
      return fabric.deliver(call, connection, call.request, call.signal)
    }
    return outbound(proxy, call, this.#reporter(proxy, { reporter: 'source', call }))
  }

  async inbound(call: InboundCall, fabric: Fabric, serve: Parameters<Mesh['inbound']>[2]) {
    if (PROXY_PORTS.includes(call.port) || !redirectsInbound(call.to.pod, call.port)) return serve(call.request)
    const proxy = this.proxyOf(call.to, fabric)
    const policies = this.#policies()
    const mode = policies.modeAt(call.to, call.port)
    return inbound(proxy, policies.of(call.to), mode, call, serve, this.#server(proxy, call, fabric))
  }

  async gateway(call: InboundCall, fabric: Fabric) {
    const proxy = this.proxyOf(call.to, fabric)
    const secret = (namespace: string, name: string): boolean => this.#api.get('secrets', namespace, name) !== undefined
    return gateway(proxy, this.#policies().of(call.to), call, secret, this.#server(proxy, call, fabric))
  }

  onAccessLog(listener: (workload: Workload, line: string) => void): Disposable {
    this.#listeners.add(listener)
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) }
  }

  /** The network that admin interfaces look at; requests bring it with them. */
  attach(fabric: Fabric): void {
    this.#fabric = fabric
  }

  /** A proxy as it stands now. */
  proxyOf(workload: Workload, fabric: Fabric): Proxy {
    this.#fabric = fabric
    const { configuration, policies } = this.#current()
    return {
      workload,
      configuration,
      registry: this.#registry(fabric.services()),
      fabric,
      state: this.#stateOf(workload),
      clock: this.#clock,
      random: this.#random,
      security: {
        acceptsMtls: (server, port) => policies.modeAt(server, port) !== 'DISABLE',
      },
    }
  }

  [Symbol.dispose](): void {
    this.#source[Symbol.dispose]()
    this.#pods[Symbol.dispose]()
    this.#listeners.clear()
    this.#states.clear()
  }

  #proxyOfPod(pod: KubeObject): Proxy | undefined {
    const stored = this.#api.get('pods', pod.metadata.namespace, pod.metadata.name) ?? pod
    const ip: unknown = stored.status?.podIP
    const workload = typeof ip === 'string' ? this.#fabric?.workloadAt(ip) : undefined
    return workload && this.#fabric && this.proxyOf(workload, this.#fabric)
  }

  #policies(): ServerPolicies {
    return this.#current().policies
  }

  #current(): Compiled {
    const configuration = this.#source.current()
    if (this.#compiled?.configuration !== configuration) {
      this.#compiled = { configuration, policies: new ServerPolicies(configuration), registries: new WeakMap() }
    }
    return this.#compiled
  }

  #registry(services: readonly ServicePort[]): Registry {
    const { registries, configuration } = this.#current()
    const known = registries.get(services)
    if (known !== undefined) return known
    const registry = buildRegistry(services, configuration.serviceEntries)
    registries.set(services, registry)
    return registry
  }

  #stateOf(workload: Workload): ProxyState {
    const key = workload.pod.metadata.uid || workload.ip
    const known = this.#states.get(key)
    const state: ProxyState = known ?? { workload, clusters: new Map(), lastUsed: 0 }
    state.workload = workload
    state.lastUsed = this.#clock.monotonic()
    if (known === undefined) {
      this.#states.set(key, state)
      if (this.#states.size > MAX_PROXIES) this.#forgetOldest()
    }
    return state
  }

  #forgetOldest(): void {
    const oldest = [...this.#states].toSorted(([, a], [, b]) => a.lastUsed - b.lastUsed)[0]
    if (oldest !== undefined) this.#states.delete(oldest[0])
  }

  #server(proxy: Proxy, call: InboundCall, fabric: Fabric) {
    const service = proxy.registry.behind(call.to.ip, call.port)?.hostname
    const source = fabric.workloadAt(call.connection.sourceIp)
    return this.#reporter(proxy, {
      reporter: 'destination',
      call,
      ...(service && { service }),
      ...(source && { source }),
    })
  }

  #reporter(proxy: Proxy, side: Parameters<typeof createReporter>[2]) {
    const log = (workload: Workload, line: string): void => {
      for (const listener of this.#listeners) listener(workload, line)
    }
    return createReporter({ telemetry: this.telemetry, log }, proxy, side)
  }
}
