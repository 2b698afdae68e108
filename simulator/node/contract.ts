import type { Api, Clock, EventRecorder, KubeObject, Random } from '../kubernetes/index.ts'
import type { PodNetwork } from '../network/index.ts'
import type { ContainerOptions, ContainerShell, Image } from '../programs/index.ts'
import type { SharedVolumes } from './shared-volumes.ts'

/** Simulated milliseconds, lowest and highest. */
type Range = readonly [number, number]

export interface Pace {
  pull: Range
  start: Range
}

/** What the composition hands to the node. */
export interface NodeOptions {
  api: Api
  clock: Clock
  random: Random
  network: {
    /** Gives the pod an address (its `status.podIP` when it has one already) and a network namespace. */
    addPod(pod: KubeObject): PodNetwork
  }
  /** The images there are; absent: the simulator's programs. */
  findImage?: (image: string) => Image | undefined
  createShell?: (options: ContainerOptions) => ContainerShell
  /** `labwright-control-plane` unless said. */
  name?: string
  /** How long it takes to pull an image and to start a container. Zero: at once. */
  pace?: Pace
  report?: (error: unknown, key: string) => void
  /** The service account token that a pod's volume holds; undefined when the account is not there. Absent: volumes hold none. */
  issueToken?: (pod: KubeObject, request: PodTokenRequest) => string | undefined
}

/** As a volume's `serviceAccountToken` asks for it. */
export interface PodTokenRequest {
  /** Absent: the API server itself. */
  audience?: string
  expirationSeconds: number
}

/** The same, as the parts of the node pass it on. */
export interface NodeContext extends Required<Omit<NodeOptions, 'report' | 'issueToken'>> {
  issueToken: NodeOptions['issueToken']
  report: (error: unknown, key: string) => void
  recorder: EventRecorder
  /** What the pods of this node write to their volumes. */
  sharedVolumes: SharedVolumes
  /** Images that this node has already pulled. */
  pulled: Set<string>
}
