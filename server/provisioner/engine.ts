/** A cluster as the engine knows it. */
export interface ClusterName {
  /** `lw-INSTALLATION-ID`: kind's name of the cluster, and the name of its network. */
  name: string
  installation: string
  id: string
}

/** What the engine has of one cluster of this installation. */
export interface OwnedObject {
  /** `container`: of somebody who works for the cluster, as a learner's toolbox. */
  kind: 'node' | 'container' | 'network'
  name: string
  /** Name of the cluster that it belongs to. */
  cluster: string
  /** Milliseconds since 1970. */
  createdAt: number
  state: 'running' | 'paused' | 'stopped'
}

export interface Limits {
  cpus: number
  memoryMebibytes: number
  processes: number
}

export interface CreateNodes {
  cluster: ClusterName
  /** The cluster's own folder: configuration and credentials of kind are written there. */
  folder: string
  limits: Limits
  signal: AbortSignal
}

export interface LoadImages {
  cluster: ClusterName
  images: readonly string[]
  signal: AbortSignal
}

export interface CreateToolbox {
  cluster: ClusterName
  /** Of this machine; the container sees it read-only as /run/labwright. */
  folder: string
  /** For whom: a label. */
  session?: string | undefined
  /** Whether one that is there is replaced; its home goes over. */
  renew?: boolean | undefined
  signal: AbortSignal
}

export interface ExecOptions {
  /** Standard input: a script, usually. */
  input?: string
  timeoutMilliseconds: number
  signal?: AbortSignal
  /** Of standard output; more ends the program. */
  maximumBytes?: number
}

/**
 * The container engine, as far as the provisioner needs it. Every call may be repeated: what is there already is no error, and neither
 * is what is gone already. What it makes carries the names of its installation and cluster, so that `owned` finds it after a death.
 */
export interface Engine {
  /** @throws ENGINE_MISSING, ENGINE_UNREACHABLE, KIND_MISSING or NODE_IMAGE_MISSING, in words for the operator */
  check(signal: AbortSignal): Promise<void>
  /** Those of the images that it has not. */
  missing(images: readonly string[], signal: AbortSignal): Promise<string[]>
  /** Puts up what keeps clusters from this machine's own services, where it is not up: a restart of the machine takes it away. */
  protect(signal: AbortSignal): Promise<void>
  /** A network of the cluster's own, behind that protection. */
  createNetwork(cluster: ClusterName, signal: AbortSignal): Promise<void>
  /** Nodes within their limits whose API answers. Gives the kubeconfig of kind's administrator. */
  createNodes(order: CreateNodes): Promise<string>
  /** Copies images into every node, where they stay: no collection of unused ones takes them away. */
  loadImages(order: LoadImages): Promise<void>
  /** A container for a learner's shells: in the cluster's network alone, without rights. One that stands still is started. */
  createToolbox(order: CreateToolbox): Promise<void>
  /** The container is gone, and the home in it. */
  removeToolbox(cluster: ClusterName): Promise<void>
  /** Everything of this installation, whoever made it. */
  owned(installation: string): Promise<OwnedObject[]>
  /** All of a cluster, also what its creator, dead or alive, is making of it. */
  remove(cluster: ClusterName): Promise<void>
  /** Freezes, thaws, or starts again the nodes of a cluster. */
  set(cluster: ClusterName, state: 'paused' | 'running'): Promise<void>
  /** Runs a program in a node. A program that fails is no error here. */
  exec(node: string, command: readonly string[], options: ExecOptions): Promise<ExecResult>
}

export interface ExecResult {
  exitCode: number
  output: string
  /** The end of what it said on standard error. */
  error: string
}

export const controlPlaneOf = ({ name }: ClusterName): string => `${name}-control-plane`

export const toolboxOf = ({ name }: ClusterName): string => `${name}-toolbox`
