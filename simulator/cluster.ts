import { createAdmission, namespaceLifecycle } from './admission/index.ts'
import {
  AccountTokens,
  Allocator,
  bootstrap,
  Catalog,
  createCredentials,
  CustomResources,
  inClusterHandler,
  keepOwnObjects,
  kubeconfig,
  localApi,
  metricsResources,
  serveApi,
  type Credentials,
  type Kernel,
  type Listening,
} from './apiserver/index.ts'
import { startControllers } from './controllers/index.ts'
import {
  qualified,
  seededRandom,
  systemClock,
  type AdmissionPlugin,
  type Api,
  type Clock,
  type Random,
} from './kubernetes/index.ts'
import { istiod } from './mesh/istiod/index.ts'
import { createMesh } from './mesh/index.ts'
import { createNetwork, type Network } from './network/index.ts'
import { createNode, type Node } from './node/index.ts'
import { proxyImage } from './programs/proxy.ts'
import { repositoryOf } from './programs/images.ts'
import { findImage, type Image } from './programs/index.ts'
import { createScheduler } from './scheduler/index.ts'
import { Store } from './storage/index.ts'

export interface ApiOptions {
  /** Random choices (names, addresses, the scheduler's ties) follow from it. Default 1. */
  seed?: number
  clock?: Clock
  /** Where the cluster's state is kept; absent: in memory only. */
  folder?: string
  /** What looks at every write. Default: only that namespaces exist. */
  admission?: (api: Api, random: Random) => AdmissionPlugin[]
  report?: (error: unknown, where: string) => void
}

export interface ClusterApi extends Disposable {
  api: Api
  clock: Clock
  random: Random
  kernel: Kernel
}

/** The API alone, with its default namespaces: what the tests of other rooms stand on. Nothing else acts in it. */
export async function createApi(options: ApiOptions = {}): Promise<ClusterApi> {
  const clock = options.clock ?? systemClock
  const random = seededRandom(options.seed ?? 1)
  const { folder, report } = options
  const store = new Store({ ...(folder !== undefined && { folder }), ...(report && { report }) })
  const catalog = new Catalog()
  const customs = new CustomResources(store, catalog, clock)
  const admission: AdmissionPlugin[] = []
  const kernel: Kernel = {
    store,
    catalog,
    customs,
    clock,
    random: random.fork(`apiserver ${store.revision}`),
    admission,
    allocator: new Allocator(store, random.fork(`allocator ${store.revision}`)),
    virtual: new Map(),
  }
  const api = localApi(kernel)
  admission.push(...(options.admission?.(api, kernel.random) ?? [namespaceLifecycle(api)]))
  await bootstrap(api)
  return {
    api,
    clock,
    random,
    kernel,
    [Symbol.dispose]() {
      customs[Symbol.dispose]()
      store[Symbol.dispose]()
    },
  }
}

export interface ClusterOptions {
  seed?: number
  clock?: Clock
  folder?: string
  /** Of an earlier life of this cluster; absent: made afresh. */
  credentials?: Credentials
  /** Told of faults of ours: a controller that threw, a program that broke. */
  report?: (error: unknown, where: string) => void
}

/** A whole cluster: its API, what acts in it, one node, and the network between its pods. */
export interface Cluster extends ClusterApi {
  credentials: Credentials
  network: Network
  node: Node
  /** Serves the API over TLS on loopback until disposed; port 0: any free one. */
  listen(port?: number): Promise<Listening>
  /** The learner's kubeconfig. */
  kubeconfig(port: number): string
}

export async function createCluster(options: ClusterOptions = {}): Promise<Cluster> {
  const clock = options.clock ?? systemClock
  const credentials = options.credentials ?? createCredentials(clock.now())
  const report = options.report ?? (() => {})
  const owned: Disposable[] = []
  const held: { network?: Network } = {}
  const base = await createApi({
    clock,
    report,
    ...(options.seed !== undefined && { seed: options.seed }),
    ...(options.folder !== undefined && { folder: options.folder }),
    admission: (api, random) =>
      createAdmission({
        api,
        random,
        transport: (service, body, signal) => {
          if (held.network === undefined) throw new Error('the network is not up yet')
          return held.network.callService(service, body, signal)
        },
      }),
  })
  const { api, random, kernel } = base
  const parts = { api, clock, random }
  const mesh = createMesh(parts)
  const served: { port?: number } = {}
  const network = createNetwork({ ...parts, mesh, apiServer: inClusterHandler(credentials, () => served.port) })
  held.network = network
  mesh.attach(network.fabric)
  const proxy = proxyImage(mesh.admin)
  const meshImages: Record<string, Image> = { 'istio/pilot': istiod, 'istio/proxyv2': proxy }
  owned.push(mesh, network)
  owned.push(startControllers({ ...parts, caCertificate: credentials.authority.certificate, report }))
  owned.push(createScheduler({ ...parts, report }), keepOwnObjects({ api, clock, report }))
  const accounts = new AccountTokens(kernel, credentials.accountKey)
  const node = createNode({
    ...parts,
    network,
    report,
    issueToken: (pod, request) => accounts.ofPod(pod, request),
    findImage: (image) => meshImages[repositoryOf(image)] ?? findImage(image),
  })
  owned.push(node)
  await exists(api, 'serviceaccounts', 'default', 'default')
  for (const virtual of metricsResources({ api, clock, usage: node })) {
    kernel.virtual.set(qualified(virtual.resource), virtual)
    kernel.catalog.serve(qualified(virtual.resource), [virtual.resource])
  }
  return {
    ...base,
    credentials,
    network,
    node,
    async listen(port = 0) {
      const listening = await serveApi(kernel, credentials, { port, kubelet: node.kubelet, accounts })
      served.port = listening.port
      return listening
    },
    kubeconfig: (port) =>
      kubeconfig({
        server: `https://127.0.0.1:${port}`,
        certificateAuthority: credentials.authority.certificate,
        token: credentials.tokens.learner,
      }),
    [Symbol.dispose]() {
      for (const part of owned.reverse()) part[Symbol.dispose]()
      base[Symbol.dispose]()
    },
  }
}

/** A new cluster takes pods from the moment that their namespace has its account: whoever asks for one at once need not wait for that. */
function exists(api: Api, resource: string, namespace: string, name: string): Promise<void> {
  return new Promise((resolve) => {
    const watch = api.watch(resource, ({ object: { metadata } }) => {
      if (metadata.namespace !== namespace || metadata.name !== name) return
      // The watch is not there yet when it tells of what was there before.
      queueMicrotask(() => watch[Symbol.dispose]())
      resolve()
    })
  })
}
