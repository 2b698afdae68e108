import type { Container, EnvVar } from './pod.ts'

/** Go's order of a container's fields, in which the recorded override is written. */
const fieldOrder = [
  'name',
  'image',
  'command',
  'args',
  'workingDir',
  'ports',
  'envFrom',
  'env',
  'resources',
  'restartPolicy',
  'volumeMounts',
  'livenessProbe',
  'readinessProbe',
  'startupProbe',
  'lifecycle',
  'terminationMessagePath',
  'terminationMessagePolicy',
  'imagePullPolicy',
  'securityContext',
]

/** A pod may bring a container of the proxy's name: what it sets wins over the template; image `auto` means the template's. */
export function mergeContainer(template: Container, own: Container): Container {
  const merged: Container = { ...template }
  for (const [field, value] of Object.entries(own)) {
    if (value === undefined || (field === 'image' && value === 'auto')) continue
    if (field === 'resources' && Object.keys(own.resources ?? {}).length === 0) continue
    merged[field] = value
  }
  if (own.env !== undefined) merged.env = mergeEnv(template.env ?? [], own.env)
  if (own.ports !== undefined)
    merged.ports = mergeByKey(template.ports ?? [], own.ports, (port) => String(port.containerPort))
  if (own.volumeMounts !== undefined) {
    merged.volumeMounts = mergeByKey(template.volumeMounts ?? [], own.volumeMounts, (mount) => mount.mountPath)
  }
  return merged
}

/** Variables that the template does not know come first, so that the template's may refer to them. */
function mergeEnv(base: readonly EnvVar[], over: readonly EnvVar[]): EnvVar[] {
  const known = new Set(base.map((entry) => entry.name))
  return [
    ...over.filter((entry) => !known.has(entry.name)),
    ...mergeByKey(
      base,
      over.filter((entry) => known.has(entry.name)),
      (entry) => entry.name,
    ),
  ]
}

function mergeByKey<T>(base: readonly T[], over: readonly T[], key: (entry: T) => string): T[] {
  const replaced = new Map(over.map((entry) => [key(entry), entry]))
  const known = new Set(base.map(key))
  return [...base.map((entry) => replaced.get(key(entry)) ?? entry), ...over.filter((entry) => !known.has(key(entry)))]
}

/** Value of annotation `proxy.istio.io/overrides`: what the pod had set, kept for a second injection. */
export function overridesAnnotation(containers: readonly Container[], native: boolean): string {
  const shown = containers.map((container) => {
    const { image, ...rest } = container
    const kept: Container = image === 'auto' ? rest : { ...container }
    if (kept.ports !== undefined)
      kept.ports = kept.ports.map(({ name, ...port }) => (name === undefined ? port : { name, ...port }))
    const fields = [...fieldOrder, ...Object.keys(kept).filter((field) => !fieldOrder.includes(field))]
    return Object.fromEntries(fields.filter((field) => kept[field] !== undefined).map((field) => [field, kept[field]]))
  })
  return JSON.stringify({ [native ? 'initContainers' : 'containers']: shown })
}
