/** The parts of a pod that the pod security standards look at. */

export interface SecurityContext {
  privileged?: boolean
  procMount?: string
  allowPrivilegeEscalation?: boolean
  runAsNonRoot?: boolean
  runAsUser?: number
  capabilities?: { add?: string[]; drop?: string[] }
  seccompProfile?: { type?: string }
  seLinuxOptions?: { type?: string; user?: string; role?: string }
  sysctls?: { name: string }[]
}

export interface Container {
  name: string
  ports?: { hostPort?: number }[]
  securityContext?: SecurityContext
}

export interface PodSpec {
  hostNetwork?: boolean
  hostPID?: boolean
  hostIPC?: boolean
  securityContext?: SecurityContext
  volumes?: Record<string, unknown>[]
  containers?: Container[]
  initContainers?: Container[]
  ephemeralContainers?: Container[]
}

export function containersOf(spec: PodSpec): Container[] {
  return [...(spec.initContainers ?? []), ...(spec.containers ?? []), ...(spec.ephemeralContainers ?? [])]
}

export function quoted(names: readonly string[]): string {
  return names.map((name) => JSON.stringify(name)).join(', ')
}

/** `container "a"`, `containers "a", "b"`. */
export function named(noun: string, names: readonly string[]): string {
  return `${names.length === 1 ? noun : `${noun}s`} ${quoted(names)}`
}
