import {
  seededRandom,
  systemClock,
  type AdmissionPlugin,
  type Api,
  type Clock,
  type Random,
} from './kubernetes/index.ts'
import { Store } from './storage/index.ts'
import { Allocator, bootstrap, Catalog, CustomResources, localApi, type Kernel } from './apiserver/index.ts'

export interface ClusterOptions {
  /** Random choices (names, addresses, the scheduler's ties) follow from it. Default 1. */
  seed?: number
  clock?: Clock
  /** Where the cluster's state is kept; absent: in memory only. */
  folder?: string
  admission?: readonly AdmissionPlugin[]
}

export interface Cluster extends Disposable {
  api: Api
  clock: Clock
  random: Random
  kernel: Kernel
}

/** The API alone, in memory, with its default namespaces: what the tests of other rooms stand on. Nothing else acts in it. */
export async function createApi(options: ClusterOptions = {}): Promise<Cluster> {
  const clock = options.clock ?? systemClock
  const random = seededRandom(options.seed ?? 1)
  const store = new Store(options.folder === undefined ? {} : { folder: options.folder })
  const catalog = new Catalog()
  const kernel: Kernel = {
    store,
    catalog,
    customs: new CustomResources(store, catalog, clock),
    clock,
    random: random.fork('apiserver'),
    admission: options.admission ?? [],
    allocator: new Allocator(store, random.fork('allocator')),
    virtual: new Map(),
  }
  const api = localApi(kernel)
  await bootstrap(api)
  return { api, clock, random, kernel, [Symbol.dispose]: () => store[Symbol.dispose]() }
}

/** A whole cluster. */
export function createCluster(options: ClusterOptions = {}): Promise<Cluster> {
  return createApi(options)
}
