import { containersOf, named, quoted, type Container, type PodSpec } from './pod.ts'

/** One rule of a standard; undefined when the pod keeps it. Sentences as `k8s.io/pod-security-admission` `policy` has them. */
export interface Violation {
  reason: string
  detail: string
}
export type Check = (spec: PodSpec) => Violation | undefined

const defaultCapabilities = new Set(
  'AUDIT_WRITE CHOWN DAC_OVERRIDE FOWNER FSETID KILL MKNOD NET_BIND_SERVICE SETFCAP SETGID SETPCAP SETUID SYS_CHROOT'.split(
    ' ',
  ),
)
const safeSysctls = new Set([
  'kernel.shm_rmid_forced',
  'net.ipv4.ip_local_port_range',
  'net.ipv4.ip_unprivileged_port_start',
  'net.ipv4.tcp_syncookies',
  'net.ipv4.ping_group_range',
  'net.ipv4.ip_local_reserved_ports',
  'net.ipv4.tcp_keepalive_time',
  'net.ipv4.tcp_fin_timeout',
  'net.ipv4.tcp_keepalive_intvl',
  'net.ipv4.tcp_keepalive_probes',
  'net.ipv4.tcp_rmem',
  'net.ipv4.tcp_wmem',
])
const seLinuxTypes = new Set(['', 'container_t', 'container_init_t', 'container_kvm_t', 'container_engine_t'])

export function namesWhere(spec: PodSpec, breaks: (container: Container) => boolean): string[] {
  return containersOf(spec)
    .filter(breaks)
    .map(({ name }) => name)
}

export const capabilities: Check = (spec) => {
  const forbidden = (container: Container): string[] =>
    (container.securityContext?.capabilities?.add ?? []).filter((each) => !defaultCapabilities.has(each))
  const names = namesWhere(spec, (container) => forbidden(container).length > 0)
  if (names.length === 0) return undefined
  const all = [...new Set(containersOf(spec).flatMap(forbidden))].sort()
  return {
    reason: 'non-default capabilities',
    detail: `${named('container', names)} must not include ${quoted(all)} in securityContext.capabilities.add`,
  }
}

const hostNamespaces: Check = (spec) => {
  const used = (['hostNetwork', 'hostPID', 'hostIPC'] as const).filter((name) => spec[name])
  return used.length === 0
    ? undefined
    : { reason: 'host namespaces', detail: used.map((name) => `${name}=true`).join(', ') }
}

export const hostPathVolumes: Check = ({ volumes = [] }) => {
  const names = volumes.filter((volume) => volume['hostPath'] !== undefined).map((volume) => String(volume['name']))
  return names.length === 0 ? undefined : { reason: 'hostPath volumes', detail: named('volume', names) }
}

const hostPorts: Check = (spec) => {
  const portsOf = ({ ports = [] }: Container): number[] => ports.flatMap(({ hostPort }) => (hostPort ? [hostPort] : []))
  const names = namesWhere(spec, (container) => portsOf(container).length > 0)
  if (names.length === 0) return undefined
  const ports = [...new Set(containersOf(spec).flatMap(portsOf))].sort((a, b) => a - b)
  const noun = ports.length === 1 ? 'hostPort' : 'hostPorts'
  return {
    reason: 'hostPort',
    detail: `${named('container', names)} ${names.length === 1 ? 'uses' : 'use'} ${noun} ${ports.join(', ')}`,
  }
}

const privileged: Check = (spec) => {
  const names = namesWhere(spec, ({ securityContext }) => securityContext?.privileged === true)
  return names.length === 0
    ? undefined
    : { reason: 'privileged', detail: `${named('container', names)} must not set securityContext.privileged=true` }
}

const procMount: Check = (spec) => {
  const chosen = ({ securityContext }: Container): string => securityContext?.procMount ?? 'Default'
  const names = namesWhere(spec, (container) => chosen(container) !== 'Default')
  if (names.length === 0) return undefined
  const values = [...new Set(containersOf(spec).map(chosen))].filter((value) => value !== 'Default').sort()
  return {
    reason: 'procMount',
    detail: `${named('container', names)} must not set securityContext.procMount to ${quoted(values)}`,
  }
}

const seLinuxOptions: Check = (spec) => {
  const bad = (options: { type?: string; user?: string; role?: string } | undefined): string[] => [
    ...(seLinuxTypes.has(options?.type ?? '') ? [] : [`type ${JSON.stringify(options?.type)}`]),
    ...(options?.user ? ['user may not be set'] : []),
    ...(options?.role ? ['role may not be set'] : []),
  ]
  const ofPod = bad(spec.securityContext?.seLinuxOptions)
  const names = namesWhere(spec, ({ securityContext }) => bad(securityContext?.seLinuxOptions).length > 0)
  const setters = [...(ofPod.length > 0 ? ['pod'] : []), ...(names.length > 0 ? [named('container', names)] : [])]
  if (setters.length === 0) return undefined
  const found = [
    ...new Set([
      ...ofPod,
      ...containersOf(spec).flatMap(({ securityContext }) => bad(securityContext?.seLinuxOptions)),
    ]),
  ]
  return {
    reason: 'seLinuxOptions',
    detail: `${setters.join(' and ')} set forbidden securityContext.seLinuxOptions: ${found.join('; ')}`,
  }
}

export const seccompBaseline: Check = (spec) => {
  const names = namesWhere(spec, ({ securityContext }) => securityContext?.seccompProfile?.type === 'Unconfined')
  const setters = [
    ...(spec.securityContext?.seccompProfile?.type === 'Unconfined' ? ['pod'] : []),
    ...(names.length > 0 ? [named('container', names)] : []),
  ]
  if (setters.length === 0) return undefined
  return {
    reason: 'seccompProfile',
    detail: `${setters.join(' and ')} must not set securityContext.seccompProfile.type to "Unconfined"`,
  }
}

const sysctls: Check = ({ securityContext }) => {
  const names = (securityContext?.sysctls ?? []).map(({ name }) => name).filter((name) => !safeSysctls.has(name))
  return names.length === 0 ? undefined : { reason: 'forbidden sysctls', detail: names.join(', ') }
}

/** In the order in which violations are told. */
export const baseline: readonly Check[] = [
  capabilities,
  hostNamespaces,
  hostPathVolumes,
  hostPorts,
  privileged,
  procMount,
  seLinuxOptions,
  seccompBaseline,
  sysctls,
]
