import {
  header,
  seededRandom,
  systemClock,
  type CallOutcome,
  type Clock,
  type Headers,
  type HttpRequest,
  type HttpResponse,
  type KubeObject,
} from '../../../kubernetes/index.ts'
import type { Connection, Endpoint, Fabric, ServicePort, Workload } from '../../contract.ts'
import { createMesh } from '../../index.ts'
import { ObjectsApi } from './objects-api.ts'

export type Program = (request: HttpRequest, pod: string) => HttpResponse | Promise<HttpResponse>

export interface PodOptions {
  namespace?: string
  labels?: Record<string, string>
  serviceAccount?: string
  /** Default true. */
  sidecar?: boolean
  /** Runs Gateway objects. */
  gateway?: boolean
  program?: Program
  annotations?: Record<string, string>
  /** What it listens on; default any port. */
  listens?: readonly number[]
}

export interface PortOptions {
  port: number
  targetPort?: number
  name?: string
  appProtocol?: string
}

const DEFAULT_PORT: PortOptions = { port: 80, targetPort: 8080, name: 'http' }

interface Member {
  workload: Workload
  program: Program
  gateway: boolean
  listens: readonly number[] | undefined
}

const byName: Program = (_, pod) => ({ status: 200, headers: [['content-type', 'text/plain']], body: pod })

export interface Answer {
  status: number
  body: string
  headers: Headers
  milliseconds: number
}

/** Pods, services and a network that reaches everything, for tests of the data plane alone. */
export class World {
  readonly objects = new ObjectsApi()
  readonly logs: { pod: string; line: string }[] = []
  readonly mesh: ReturnType<typeof createMesh>
  readonly fabric: Fabric
  /** What each program was sent. */
  readonly received: { pod: string; request: HttpRequest }[] = []
  readonly #members = new Map<string, Member>()
  #services: ServicePort[] = []
  readonly #clock: Clock

  constructor(options: { clock?: Clock; seed?: number } = {}) {
    this.#clock = options.clock ?? systemClock
    this.setIstiodReady(true)
    this.objects.put(configMap('accessLogFile: /dev/stdout\n'))
    this.mesh = createMesh({ api: this.objects.api, clock: this.#clock, random: seededRandom(options.seed ?? 1) })
    this.mesh.onAccessLog((workload, line) => this.logs.push({ pod: workload.pod.metadata.name, line }))
    this.fabric = {
      services: () => this.#services,
      resolve: (from, name) => this.#resolve(from, name),
      serviceAt: (ip, port) => this.#services.find((one) => one.service.spec.clusterIP === ip && one.port === port),
      workloadAt: (ip) => this.#at(ip)?.workload,
      deliver: (to, connection, request, signal) => this.#deliver(to, connection, request, signal),
    }
  }

  setIstiodReady(ready: boolean): void {
    const conditions = [{ type: 'Ready', status: ready ? 'True' : 'False' }]
    const metadata = { name: 'istiod-1', namespace: 'istio-system', labels: { app: 'istiod' } }
    this.objects.put({ apiVersion: 'v1', kind: 'Pod', metadata, status: { conditions } } as unknown as KubeObject)
  }

  meshConfig(text: string): void {
    this.objects.put(configMap(text))
  }

  pod(name: string, options: PodOptions = {}): Workload {
    const { namespace = 'default', serviceAccount = 'default', sidecar = true, gateway = false } = options
    const tls = sidecar && !gateway ? { 'security.istio.io/tlsMode': 'istio' } : {}
    const labels = { ...options.labels, ...tls }
    const metadata = { name, namespace, labels, annotations: options.annotations ?? {} }
    const pod = this.objects.put({ apiVersion: 'v1', kind: 'Pod', metadata } as unknown as KubeObject)
    const ip = `10.244.0.${this.#members.size + 10}`
    const workload: Workload = { pod, ip, sidecar, namespace, serviceAccount, labels }
    this.#members.set(name, { workload, program: options.program ?? byName, gateway, listens: options.listens })
    return workload
  }

  /** Selects pods of its namespace by `app: name`, unless told otherwise. Call it again after adding pods. */
  service(name: string, namespace = 'default', ports: readonly PortOptions[] = [DEFAULT_PORT], headless = false): void {
    const known = this.#services.find((one) => one.hostname === `${name}.${namespace}.svc.cluster.local`)
    const ip = `10.96.0.${this.#services.length + 10}`
    const clusterIP: unknown = headless ? 'None' : (known?.service.spec.clusterIP ?? ip)
    const service = { apiVersion: 'v1', kind: 'Service', metadata: { name, namespace }, spec: { clusterIP } }
    const pods = [...this.#members.values()].filter(
      ({ workload }) => workload.namespace === namespace && workload.labels.app === name,
    )
    const hostname = `${name}.${namespace}.svc.cluster.local`
    const entries = ports.map((port): ServicePort => {
      const targetPort = port.targetPort ?? port.port
      const endpoints: Endpoint[] = pods.map(({ workload }) => ({ ip: workload.ip, port: targetPort, workload }))
      return {
        service: service as unknown as KubeObject,
        hostname,
        port: port.port,
        name: port.name ?? '',
        targetPort,
        endpoints,
        ...(port.appProtocol && { appProtocol: port.appProtocol }),
      }
    })
    this.#services = [...this.#services.filter((one) => one.hostname !== hostname), ...entries]
  }

  /** As `curl` in that pod. */
  async call(
    from: string,
    url: string,
    options: Partial<HttpRequest> & { signal?: AbortSignal } = {},
  ): Promise<CallOutcome> {
    const { protocol, hostname, port, host, pathname, search } = new URL(url)
    const caller = this.#members.get(from)?.workload
    if (caller === undefined) throw new Error(`no pod ${from} in this world`)
    const scheme = protocol === 'https:' ? 'https' : 'http'
    const { signal = new AbortController().signal, ...rest } = options
    const headers: Headers = [['user-agent', 'curl/8.5.0']]
    const path = pathname + search
    const request: HttpRequest = {
      method: 'GET',
      scheme,
      authority: host,
      path,
      body: '',
      ...rest,
      headers: [...headers, ...(rest.headers ?? [])],
    }
    const ip = this.fabric.resolve(caller, hostname)?.[0]
    if (ip === undefined) return { ok: false, failure: { kind: 'dns', message: hostname }, milliseconds: 0 }
    const number = port === '' ? (scheme === 'https' ? 443 : 80) : Number(port)
    if (caller.sidecar) return this.mesh.outbound({ from: caller, ip, port: number, request, signal }, this.fabric)
    const tls = scheme === 'https' ? 'tls' : 'none'
    const service = this.fabric.serviceAt(ip, number)
    const to = service?.endpoints[0] ?? { ip, port: number }
    return this.#deliver(to, { sourceIp: caller.ip, tls }, request, signal)
  }

  /** `200 reviews-v1`, `403 RBAC: access denied`, `reset`: what a person at the caller sees, in a line. */
  async see(from: string, url: string, options: Partial<HttpRequest> & { signal?: AbortSignal } = {}): Promise<string> {
    const outcome = await this.call(from, url, options)
    if (!outcome.ok) return outcome.failure.kind
    return `${outcome.response.status} ${String(outcome.response.body)}`.trim()
  }

  async answer(from: string, url: string, options: Partial<HttpRequest> = {}): Promise<Answer> {
    const outcome = await this.call(from, url, options)
    if (!outcome.ok) throw new Error(`connection failed: ${outcome.failure.kind}`)
    const { status, headers, body } = outcome.response
    return { status, headers, body: String(body), milliseconds: outcome.milliseconds }
  }

  /** How often each line of `see` came, over so many calls one after the other. */
  async tally(
    count: number,
    from: string,
    url: string,
    options: Partial<HttpRequest> = {},
  ): Promise<Record<string, number>> {
    const seen: Record<string, number> = {}
    for (let i = 0; i < count; i++) {
      const line = await this.see(from, url, options)
      seen[line] = (seen[line] ?? 0) + 1
    }
    return seen
  }

  lastLog(pod: string): string {
    return this.logs.findLast((entry) => entry.pod === pod)?.line ?? ''
  }

  dispose(): void {
    this.mesh[Symbol.dispose]()
  }

  #at(ip: string): Member | undefined {
    return [...this.#members.values()].find(({ workload }) => workload.ip === ip)
  }

  #resolve(from: Workload, name: string): readonly string[] | undefined {
    if (/^\d+\.\d+\.\d+\.\d+$/.test(name)) return [name]
    const searched = ['', `.${from.namespace}.svc.cluster.local`, '.svc.cluster.local', '.cluster.local']
    for (const suffix of searched) {
      const found = this.#services.find((one) => one.hostname === name + suffix)
      if (found === undefined) continue
      const { clusterIP } = found.service.spec as { clusterIP: string }
      return clusterIP === 'None' ? found.endpoints.map(({ ip }) => ip) : [clusterIP]
    }
    return name.endsWith('.example.com') ? ['203.0.113.10'] : undefined
  }

  async #deliver(
    to: { ip: string; port: number },
    connection: Connection,
    request: HttpRequest,
    signal: AbortSignal,
  ): Promise<CallOutcome> {
    const start = this.#clock.monotonic()
    if (to.ip === '203.0.113.10')
      return { ok: true, response: { status: 200, headers: [], body: 'outside' }, milliseconds: 0 }
    const member = this.#at(to.ip)
    if (member === undefined) return { ok: false, failure: { kind: 'unreachable', message: '' }, milliseconds: 0 }
    const { workload, program } = member
    const serve = async (passed: HttpRequest): Promise<CallOutcome> => {
      if (member.listens?.includes(to.port) === false) {
        return { ok: false, failure: { kind: 'refused', message: 'Connection refused' }, milliseconds: 0 }
      }
      this.received.push({ pod: workload.pod.metadata.name, request: passed })
      const response = await program(passed, workload.pod.metadata.name)
      return { ok: true, response, milliseconds: this.#clock.monotonic() - start }
    }
    const call = { to: workload, port: to.port, connection, request, signal }
    if (member.gateway) return this.mesh.gateway(call, this.fabric)
    if (workload.sidecar) return this.mesh.inbound(call, this.fabric, serve)
    if (connection.tls === 'none') return serve(request)
    return { ok: false, failure: { kind: 'tls', message: 'wrong version number' }, milliseconds: 0 }
  }
}

export function configMap(mesh: string): KubeObject {
  const metadata = { name: 'istio', namespace: 'istio-system' }
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { mesh } } as unknown as KubeObject
}

export function headerOf(answer: { headers: Headers }, name: string): string | undefined {
  return header(answer.headers, name)
}
