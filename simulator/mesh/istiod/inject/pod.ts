/** The parts of a pod that injection reads and writes. */
export interface Pod {
  apiVersion: string
  kind: string
  metadata: {
    name?: string
    namespace?: string
    generateName?: string
    labels?: Record<string, string>
    annotations?: Record<string, string>
    ownerReferences?: { apiVersion: string; kind: string; name: string; controller?: boolean }[]
    [field: string]: unknown
  }
  spec: PodSpec
  [field: string]: unknown
}

export interface PodSpec {
  containers: Container[]
  initContainers?: Container[]
  volumes?: Volume[]
  imagePullSecrets?: { name: string }[]
  hostNetwork?: boolean
  securityContext?: Record<string, unknown>
  [field: string]: unknown
}

export interface Volume {
  name: string
  [source: string]: unknown
}

export interface ContainerPort {
  name?: string
  containerPort: number
  protocol?: string
  hostPort?: number
  hostIP?: string
}

export interface EnvVar {
  name: string
  value?: string
  valueFrom?: Record<string, unknown>
}

export interface Probe {
  httpGet?: HttpGet
  tcpSocket?: { port: number | string; host?: string }
  grpc?: { port: number; service?: string }
  exec?: unknown
  timeoutSeconds?: number
  [field: string]: unknown
}

export interface HttpGet {
  path?: string
  port: number | string
  host?: string
  scheme?: string
  httpHeaders?: { name: string; value: string }[]
}

export interface Container {
  name: string
  image?: string
  args?: string[]
  ports?: ContainerPort[]
  env?: EnvVar[]
  resources?: Resources
  restartPolicy?: string
  volumeMounts?: { name: string; mountPath: string; readOnly?: boolean; [field: string]: unknown }[]
  readinessProbe?: Probe
  livenessProbe?: Probe
  startupProbe?: Probe
  lifecycle?: { postStart?: Probe; preStop?: Probe; [field: string]: unknown }
  securityContext?: Record<string, unknown>
  imagePullPolicy?: string
  [field: string]: unknown
}

export interface Resources {
  limits?: Record<string, string>
  requests?: Record<string, string>
  claims?: unknown[]
}

export const proxyName = 'istio-proxy'
export const initName = 'istio-init'
