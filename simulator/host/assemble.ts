import { createAdmission } from '../admission/index.ts'
import { createApi, type Cluster as Core } from '../cluster.ts'
import { startControllers } from '../controllers/index.ts'
import type { AdmissionPlugin, Clock } from '../kubernetes/index.ts'
import { createMesh } from '../mesh/index.ts'
import { createNetwork, type Network } from '../network/index.ts'
import { createNode, type Node } from '../node/index.ts'
import { createContainerShell, findImage } from '../programs/index.ts'
import { createScheduler } from '../scheduler/index.ts'

export interface AssembleOptions {
  /** Random choices follow from it. */
  seed: number
  /** PEM of the CA that pods are given. */
  caCertificate: string
  clock?: Clock
  /** Where the state is kept; absent: in memory. */
  folder?: string
  report?: (error: unknown, about: string) => void
}

/** Everything that acts in one cluster, put together: API, admission, controllers, scheduler, node, network and mesh. */
export interface Assembled extends Disposable {
  core: Core
  network: Network
  node: Node
}

export async function assemble({ seed, caCertificate, clock, folder, report }: AssembleOptions): Promise<Assembled> {
  // Plugins need the API, and the API its plugins: the list is filled once the API is there.
  const admission: AdmissionPlugin[] = []
  const core = await createApi({ seed, admission, ...(clock ? { clock } : {}), ...(folder ? { folder } : {}) })
  const parts = { api: core.api, clock: core.clock, random: core.random }
  const mesh = createMesh(parts)
  const network = createNetwork({ ...parts, mesh })
  admission.push(
    ...createAdmission({
      api: core.api,
      random: core.random.fork('admission'),
      transport: (service, body, signal) => network.callService(service, body, signal),
    }),
  )
  const reporting = report === undefined ? {} : { report }
  const node = createNode({
    ...parts,
    ...reporting,
    network,
    findImage,
    createShell: ({ sandbox, definition, workingDirectory, image: _image, ...request }) =>
      createContainerShell({
        ...request,
        image: definition,
        sockets: sandbox,
        clock: core.clock,
        random: core.random,
        ...(workingDirectory === undefined ? {} : { workingDirectory }),
      }),
  })
  const controllers = startControllers({ ...parts, ...reporting, caCertificate })
  const scheduler = createScheduler({ ...parts, ...reporting })
  return {
    core,
    network,
    node,
    [Symbol.dispose]() {
      for (const part of [scheduler, controllers, node, network, mesh, core]) part[Symbol.dispose]()
    },
  }
}
