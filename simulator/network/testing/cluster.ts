import {
  ManualClock,
  seededRandom,
  type Clock,
  type ContainerStreams,
  type KubeObject,
} from '../../kubernetes/index.ts'
import type { Mesh } from '../../mesh/contract.ts'
import { createContainerShell, findImage, type ContainerShell } from '../../programs/index.ts'
import { createNetwork, type Network, type PodNetwork } from '../index.ts'
import { MemoryApi } from './api.ts'

interface PodOptions {
  name: string
  image: string
  namespace?: string
  command?: string[]
  args?: string[]
  labels?: Record<string, string>
  env?: Record<string, string>
  serviceAccount?: string
  /** With a running istio-proxy. */
  sidecar?: boolean
  files?: Record<string, string>
  /** Ready by default. */
  ready?: boolean
}

export interface TestPod {
  pod: KubeObject
  network: PodNetwork
  shell: ContainerShell
  logs: string[]
  exitCode: Promise<number>
  stop: () => void
  exec: (...command: string[]) => Promise<{ exitCode: number; stdout: string; stderr: string }>
}

/** A network with pods that run programs, without any node: what tests of rooms at and below the network stand on. */
export class TestCluster implements Disposable {
  readonly api = new MemoryApi()
  readonly clock: Clock
  readonly random = seededRandom(1)
  readonly network: Network
  readonly #stops: (() => void)[] = []

  constructor({ mesh, clock = new ManualClock() }: { mesh?: Mesh; clock?: Clock } = {}) {
    this.clock = clock
    const apiServer = () => ({ status: 403, headers: [], body: '' })
    this.network = createNetwork({ api: this.api, clock, random: this.random, apiServer, ...(mesh && { mesh }) })
    for (const name of ['default', 'kube-system', 'production']) this.namespace(name)
    this.service({ name: 'kubernetes', clusterIP: '10.96.0.1', ports: [{ port: 443, name: 'https' }], to: [] })
  }

  namespace(name: string, labels: Record<string, string> = {}): void {
    this.api.put({
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name, labels: { 'kubernetes.io/metadata.name': name, ...labels } },
    })
  }

  pod(options: PodOptions): TestPod {
    const {
      name,
      namespace = 'default',
      image: imageName,
      command = [],
      args = [],
      labels = {},
      env = {},
      ready = true,
    } = options
    const image = findImage(imageName)
    if (image === undefined) throw new Error(`There is no image ${imageName}.`)
    const proxy = options.sidecar ? [{ name: 'istio-proxy', image: 'istio/proxyv2' }] : []
    const blank = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace, labels },
      spec: {
        serviceAccountName: options.serviceAccount ?? 'default',
        containers: [{ name: 'app', image: imageName }, ...proxy],
      },
    }
    const created = this.api.put(blank)
    const network = this.network.addPod(created)
    network.setProxyRunning(options.sidecar ?? false)
    const status = { podIP: network.ip, conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] }
    const pod = this.api.put({ ...blank, metadata: { ...blank.metadata, uid: created.metadata.uid }, status })
    const common = { pod, container: 'app', env, clock: this.clock, random: this.random }
    const shell = createContainerShell({ ...common, image, sockets: network, files: () => options.files ?? {} })
    const logs: string[] = []
    const ending = new AbortController()
    const exitCode = image.program({
      ...common,
      image: imageName,
      command,
      args,
      shell,
      api: this.api,
      signal: ending.signal,
      log: (line) => void logs.push(line),
      listen: (port, handler) => network.listen(port, handler),
      listenTcp: (port, handler) => network.listenTcp(port, handler),
      call: (request, callOptions) => network.call(request, callOptions),
    })
    const stop = (): void => {
      ending.abort()
      shell[Symbol.dispose]()
      network[Symbol.dispose]()
    }
    this.#stops.push(stop)
    const exec = (...words: string[]): ReturnType<TestPod['exec']> => collect((streams) => shell.exec(words, streams))
    return { pod, network, shell, logs, exitCode, stop, exec }
  }

  service(options: {
    name: string
    namespace?: string
    clusterIP?: string
    ports: { port: number; targetPort?: number; name?: string; nodePort?: number }[]
    to: { network: PodNetwork; ready?: boolean; hostname?: string }[]
    spec?: Record<string, unknown>
  }): void {
    const { name, namespace = 'default', clusterIP = 'None', ports, to, spec = {} } = options
    this.api.put({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name, namespace },
      spec: { clusterIP, ports, ...spec },
    })
    this.api.put({
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { name: `${name}-1`, namespace, labels: { 'kubernetes.io/service-name': name } },
      ports: ports.map((port) => ({ name: port.name ?? '', port: port.targetPort ?? port.port })),
      endpoints: to.map(({ network, ready = true, hostname }) => ({
        addresses: [network.ip],
        conditions: { ready },
        ...(hostname && { hostname }),
      })),
    })
  }

  [Symbol.dispose](): void {
    for (const stop of this.#stops) stop()
    this.network[Symbol.dispose]()
  }
}

/** Runs something on streams without a terminal and gathers what it wrote. */
export async function collect(
  run: (streams: ContainerStreams) => Promise<{ exitCode: number }>,
  { stdin, signal = new AbortController().signal }: { stdin?: AsyncIterable<Uint8Array>; signal?: AbortSignal } = {},
): Promise<{ exitCode: number; stdout: string; stderr: string }> {
  const out: Uint8Array[] = []
  const errors: Uint8Array[] = []
  const { exitCode } = await run({
    stdin,
    stdout: (chunk) => void out.push(chunk),
    stderr: (chunk) => void errors.push(chunk),
    tty: false,
    onResize: () => {},
    signal,
  })
  return { exitCode, stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(errors).toString() }
}
