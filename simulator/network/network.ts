import type { Duplex } from 'node:stream'
import type {
  Api,
  CallOutcome,
  Clock,
  ConnectionFailure,
  HttpRequest,
  KubeObject,
  Random,
} from '../kubernetes/index.ts'
import type { Connection, Fabric, Mesh, Workload } from '../mesh/contract.ts'
import type { CallOptions, HttpHandler } from '../programs/program.ts'
import type { ProbeRefusal, ProbeRequest, ProbeResult } from '../../protocol/probe.ts'
import { apiServerPort, isLoopback, PodAddresses } from './addresses.ts'
import type { Network, NetworkOptions, PodNetwork, ServiceReference } from './contract.ts'
import { type DnsAnswer, ClusterDns } from './dns.ts'
import { deadline, failed, silence, unlessAborted } from './outcome.ts'
import { PodNamespace, proxyContainer } from './pod-namespace.ts'
import { PolicyIndex } from './policy.ts'
import { runProbe } from './probe.ts'
import { receive, serveProgram } from './receive.ts'
import { ServiceIndex } from './services.ts'
import { callService } from './webhook.ts'

interface Destination {
  kind: 'pod' | 'api-server' | 'external' | 'refused' | 'silent'
  ip: string
  port: number
}

/** Addresses for names outside the cluster: TEST-NET-3, which never is anybody's. */
const externalPrefix = '203.0.113.'

export function createNetwork(options: NetworkOptions): Network {
  return new ClusterNetwork(options)
}

class ClusterNetwork implements Network {
  readonly fabric: Fabric
  readonly #api: Api
  readonly #clock: Clock
  readonly #random: Random
  readonly #mesh: Mesh | undefined
  readonly #apiServer: HttpHandler | undefined
  readonly #addresses = new PodAddresses()
  readonly #pods = new Map<string, PodNamespace>()
  readonly #services: ServiceIndex
  readonly #policies: PolicyIndex
  readonly #dns: ClusterDns
  readonly #externalNames = new Map<string, string>()
  readonly #externalHandlers = new Map<string, HttpHandler>()

  constructor({ api, clock, random, mesh, apiServer }: NetworkOptions) {
    this.#api = api
    this.#clock = clock
    this.#random = random
    this.#mesh = mesh
    this.#apiServer = apiServer
    const workloadAt = (ip: string): Workload | undefined => this.#pods.get(ip)?.workload
    this.#services = new ServiceIndex(api, workloadAt)
    this.#policies = new PolicyIndex(api)
    this.#dns = new ClusterDns(api, this.#services, this.#externalNames)
    this.fabric = {
      resolve: (from, name) => this.#lookup(name, from)?.addresses,
      services: () => this.#services.all(),
      serviceAt: (ip, port) => this.#services.at(ip, port),
      workloadAt,
      deliver: (to, connection, request, signal) => this.#deliver(to, connection, request, signal),
    }
  }

  addPod(pod: KubeObject): PodNetwork {
    const { namespace = 'default', name, uid } = pod.metadata
    const newest = (): KubeObject => {
      const stored = this.#api.get('pods', namespace, name)
      return stored?.metadata.uid === uid ? stored : pod
    }
    const own = new PodNamespace(this.#addresses.take(pod['status']?.podIP), newest)
    this.#pods.set(own.ip, own)
    this.#services.invalidate()
    const close = (): void => {
      if (this.#pods.get(own.ip) !== own) return
      this.#pods.delete(own.ip)
      this.#addresses.release(own.ip)
      this.#services.invalidate()
      own.closed.abort()
    }
    return {
      ip: own.ip,
      listen: (port, handler) => own.listeners.open(port, { kind: 'http', handler }),
      listenTcp: (port, handler) => own.listeners.open(port, { kind: 'tcp', handler }),
      call: (request, { container, ...options } = {}) =>
        this.call(own.workload, request, { ...options, bypassProxy: container === proxyContainer }),
      lookup: (hostname) => this.#lookup(hostname, own.workload),
      dial: (host, port, options) => this.#dial(own, host, port, options),
      connect: (port) => forwardTo(own, port),
      setProxyRunning: (running) => {
        own.proxyRunning = running
        this.#services.invalidate()
      },
      [Symbol.dispose]: close,
    }
  }

  async call(
    from: Workload,
    request: HttpRequest,
    options: CallOptions & { bypassProxy?: boolean } = {},
  ): Promise<CallOutcome> {
    const started = this.#clock.monotonic()
    const limit = deadline(this.#clock, options.timeoutMilliseconds, options.signal)
    try {
      const outcome = await this.#send(from, request, limit.signal, options)
      return { ...outcome, milliseconds: this.#clock.monotonic() - started }
    } finally {
      limit[Symbol.dispose]()
    }
  }

  async #send(
    from: Workload,
    request: HttpRequest,
    signal: AbortSignal,
    { bypassProxy = false, connectTo }: CallOptions & { bypassProxy?: boolean },
  ): Promise<CallOutcome> {
    const { host, port } = connectTo ?? splitAuthority(request)
    const address = this.#address(host, from)
    if (address === undefined) return failed('dns', `Could not resolve host: ${host}`)
    const own = this.#pods.get(from.ip)
    if (isLoopback(address) || (address === from.ip && !from.sidecar)) {
      if (own === undefined) return refused(address, port)
      return serveProgram(
        own,
        port,
        request,
        { sourceIp: isLoopback(address) ? '127.0.0.1' : from.ip, signal },
        this.#clock,
      )
    }
    const isRedirected = !bypassProxy && this.#mesh !== undefined
    // Redirected to a proxy that does not run: nothing accepts on its port.
    if (isRedirected && own?.injected && !own.isGateway && !from.sidecar) return refused(address, port)
    if (isRedirected && from.sidecar && this.#mesh !== undefined)
      return this.#mesh.outbound({ from, ip: address, port, request, signal }, this.fabric)
    return this.#deliver({ ip: address, port }, { sourceIp: from.ip, tls: 'none' }, request, signal)
  }

  #lookup(name: string, from: Workload): DnsAnswer | undefined {
    const aliases = (from.pod['spec']?.hostAliases ?? []) as { ip: string; hostnames?: string[] }[]
    const alias = aliases.find(({ hostnames }) => hostnames?.includes(name))
    if (alias !== undefined) return { name, addresses: [alias.ip] }
    if (name === 'localhost') return { name, addresses: ['127.0.0.1'] }
    if (name === (from.pod['spec']?.hostname ?? from.pod.metadata.name)) return { name, addresses: [from.ip] }
    return this.#dns.lookup(name, from.namespace)
  }

  #address(host: string, from: Workload): string | undefined {
    const addresses = this.#lookup(host, from)?.addresses ?? []
    return addresses[addresses.length > 1 ? this.#random.below(addresses.length) : 0]
  }

  async #deliver(
    to: { ip: string; port: number },
    connection: Connection,
    request: HttpRequest,
    signal: AbortSignal,
  ): Promise<CallOutcome> {
    const { kind, ip, port } = this.#route(to.ip, to.port, connection.sourceIp)
    if (kind === 'refused') return refused(to.ip, to.port)
    if (kind === 'external') return this.#external(ip, port, connection, request, signal)
    if (kind === 'api-server')
      return this.#apiServer === undefined
        ? refused(to.ip, to.port)
        : this.#answer(this.#apiServer, connection, request, signal)
    const target = this.#pods.get(ip)
    if (kind === 'silent' || target === undefined)
      return silence(this.#clock, signal, `connect to ${to.ip} port ${to.port}: timed out`)
    return receive(
      target,
      { port, connection, request, signal },
      { mesh: this.#mesh, fabric: this.fabric, clock: this.#clock },
    )
  }

  /** Where packets to an address end up: kube-proxy's choice for a service, then NetworkPolicies. */
  #route(ip: string, port: number, sourceIp: string): Destination {
    const service = this.#services.at(ip, port)
    if (service !== undefined) {
      if (isApiServer(service.service)) return { kind: 'api-server', ip, port }
      if (service.endpoints.length === 0) return { kind: 'refused', ip, port }
      const sticky = service.service['spec']?.sessionAffinity === 'ClientIP'
      const { length } = service.endpoints
      const chosen = service.endpoints[sticky ? stableIndex(sourceIp, length) : this.#random.below(length)]
      if (chosen !== undefined) return this.#route(chosen.ip, chosen.port, sourceIp)
    }
    const target = this.#pods.get(ip)
    if (target !== undefined) {
      const source = this.#pods.get(sourceIp)?.pod
      return {
        kind: this.#policies.allows({ source, sourceIp, target: target.pod, targetIp: ip, port }) ? 'pod' : 'silent',
        ip,
        port,
      }
    }
    if (this.#externalHandlers.has(ip)) return { kind: 'external', ip, port }
    if (!this.#isNode(ip)) return { kind: 'silent', ip, port }
    return { kind: port === apiServerPort ? 'api-server' : 'refused', ip, port }
  }

  #isNode(ip: string): boolean {
    return this.#api
      .list('nodes')
      .some((node) => (node['status']?.addresses ?? []).some(({ address }: { address: string }) => address === ip))
  }

  async #external(
    ip: string,
    port: number,
    connection: Connection,
    request: HttpRequest,
    signal: AbortSignal,
  ): Promise<CallOutcome> {
    const handler = this.#externalHandlers.get(ip)
    if (handler === undefined || (port !== 80 && port !== 443)) return refused(ip, port)
    return this.#answer(handler, connection, request, signal)
  }

  async #answer(
    handler: HttpHandler,
    connection: Connection,
    request: HttpRequest,
    signal: AbortSignal,
  ): Promise<CallOutcome> {
    const started = this.#clock.monotonic()
    const answered = Promise.resolve(handler(request, { sourceIp: connection.sourceIp, signal }))
    const outcome = answered.then((response): CallOutcome =>
      // A program that drops the connection without an answer says so with status 0.
      response.status === 0 ? failed('empty', 'Empty reply from server') : { ok: true, response, milliseconds: 0 },
    )
    const settled = await unlessAborted(outcome, signal, () => failed('timeout', 'Operation timed out'))
    return { ...settled, milliseconds: this.#clock.monotonic() - started }
  }

  async #dial(
    own: PodNamespace,
    host: string,
    port: number,
    options: { timeoutMilliseconds?: number; signal?: AbortSignal } = {},
  ): Promise<ConnectionFailure | undefined> {
    const address = this.#address(host, own.workload)
    if (address === undefined) return { kind: 'dns', message: `Could not resolve host: ${host}` }
    const refusal: ConnectionFailure = { kind: 'refused', message: 'Connection refused' }
    if (isLoopback(address)) return own.listeners.at(port) === undefined ? refusal : undefined
    // A sidecar accepts every connection of its pod itself, before it knows whether the other side does.
    if (own.workload.sidecar && this.#mesh !== undefined) return undefined
    const { kind, ip, port: targetPort } = this.#route(address, port, own.ip)
    if (kind === 'external') return undefined
    if (kind === 'api-server') return this.#apiServer === undefined ? refusal : undefined
    const target = this.#pods.get(ip)
    if (kind === 'pod' && target !== undefined)
      return (target.intercepts(targetPort) && target.hasRunningProxy) || target.listeners.at(targetPort)
        ? undefined
        : refusal
    if (kind === 'refused') return refusal
    const limit = deadline(this.#clock, options.timeoutMilliseconds, options.signal)
    const outcome = await silence(this.#clock, limit.signal, 'Operation timed out')
    limit[Symbol.dispose]()
    return outcome.ok ? undefined : outcome.failure
  }

  probe(request: ProbeRequest, signal?: AbortSignal): Promise<ProbeResult | ProbeRefusal> {
    return runProbe(request, { api: this.#api, clock: this.#clock, network: this }, signal)
  }

  callService(service: ServiceReference, body: string, signal: AbortSignal): Promise<{ status: number; body: string }> {
    return callService(service, body, signal, { api: this.#api, services: this.#services, fabric: this.fabric })
  }

  connect({ namespace, name }: { namespace: string; name: string }, port: number): Promise<Duplex> {
    const own = [...this.#pods.values()].find(
      ({ pod }) => pod.metadata.namespace === namespace && pod.metadata.name === name,
    )
    if (own === undefined)
      return Promise.reject(new Error(`The pod ${namespace}/${name} has no network: it does not run.`))
    return forwardTo(own, port)
  }

  addExternalHost(hostname: string, handler: HttpHandler): Disposable {
    const ip = `${externalPrefix}${this.#externalHandlers.size + 1}`
    this.#externalNames.set(hostname, ip)
    this.#externalHandlers.set(ip, handler)
    return {
      [Symbol.dispose]: () => {
        this.#externalNames.delete(hostname)
        this.#externalHandlers.delete(ip)
      },
    }
  }

  [Symbol.dispose](): void {
    this.#services[Symbol.dispose]()
    this.#policies[Symbol.dispose]()
    for (const pod of this.#pods.values()) pod.closed.abort()
    this.#pods.clear()
  }
}

function refused(ip: string, port: number): CallOutcome {
  return failed('refused', `connect to ${ip} port ${port}: Connection refused`)
}

async function forwardTo(own: PodNamespace, port: number): Promise<Duplex> {
  const connection = own.listeners.connect(port)
  if (connection === undefined) throw new Error(`dial tcp4 127.0.0.1:${port}: connect: connection refused`)
  own.closed.signal.addEventListener('abort', () => connection.destroy(), { once: true })
  return connection
}

/** `payments.production:8080` in its parts; the scheme's port when none is given. */
export function splitAuthority({ authority, scheme }: Pick<HttpRequest, 'authority' | 'scheme'>): {
  host: string
  port: number
} {
  const match = /^(.*?)(?::(\d+))?$/.exec(authority)
  return { host: match?.[1] ?? authority, port: Number(match?.[2] ?? (scheme === 'https' ? 443 : 80)) }
}

function isApiServer(service: KubeObject): boolean {
  return service.metadata.name === 'kubernetes' && service.metadata.namespace === 'default'
}

function stableIndex(text: string, length: number): number {
  let sum = 0
  for (const character of text) sum = (sum * 31 + character.charCodeAt(0)) >>> 0
  return sum % length
}
