import { quantityValue, type Api, type KubeObject } from '../kubernetes/index.ts'

/** Why a container cannot be created: becomes CreateContainerConfigError. */
export class ContainerConfigError extends Error {}

/** `$(NAME)` by the environment, `$$(NAME)` stays `$(NAME)`, unknown names stay as they are (third_party/forked/golang/expansion). */
export function expand(text: string, env: Readonly<Record<string, string>>): string {
  return text.replace(/\$(\$|\(([^)]*)\))/g, (whole, body: string, name: string | undefined) => {
    if (body === '$') return '$'
    return name !== undefined && Object.hasOwn(env, name) ? (env[name] ?? '') : whole
  })
}

function source(api: Api, kind: 'configmap' | 'secret', namespace: string, name: string): KubeObject | undefined {
  return api.get(`${kind}s`, namespace, name)
}

/** Data of a ConfigMap or Secret as text. */
export function textData(object: KubeObject): Record<string, string> {
  if (object.kind === 'ConfigMap') return object.data ?? {}
  const decoded = Object.entries<string>(object.data ?? {}).map(([key, value]) => [
    key,
    Buffer.from(value, 'base64').toString(),
  ])
  return Object.fromEntries(decoded)
}

/** The environment of a container: service links, envFrom, env in order; later ones win. Throws ContainerConfigError. */
export function environmentOf(
  api: Api,
  pod: KubeObject,
  container: KubeObject['spec'],
  where: { podIP: string; nodeIP: string },
): Record<string, string> {
  const namespace = pod.metadata.namespace ?? 'default'
  const env: Record<string, string> = {
    PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    HOSTNAME: pod.spec.hostname ?? pod.metadata.name,
    ...serviceLinks(api, namespace, pod.spec.enableServiceLinks !== false),
  }
  for (const from of container.envFrom ?? []) {
    const reference = from.configMapRef ?? from.secretRef
    const kind = from.configMapRef ? 'configmap' : 'secret'
    const object = source(api, kind, namespace, reference.name)
    if (object === undefined) {
      if (reference.optional) continue
      throw new ContainerConfigError(`${kind} "${reference.name}" not found`)
    }
    for (const [key, value] of Object.entries(textData(object))) env[`${from.prefix ?? ''}${key}`] = value
  }
  for (const { name, value, valueFrom } of container.env ?? []) {
    const found = valueFrom ? valueOf(api, pod, container, valueFrom, where) : expand(value ?? '', env)
    if (found !== undefined) env[name] = found
  }
  return env
}

function valueOf(
  api: Api,
  pod: KubeObject,
  container: KubeObject['spec'],
  from: KubeObject['spec'],
  where: { podIP: string; nodeIP: string },
): string | undefined {
  const namespace = pod.metadata.namespace ?? 'default'
  if (from.fieldRef) return fieldValue(pod, from.fieldRef.fieldPath, where)
  if (from.resourceFieldRef) return resourceValue(pod, container, from.resourceFieldRef)
  const reference = from.configMapKeyRef ?? from.secretKeyRef
  if (reference === undefined) return undefined
  const kind = from.configMapKeyRef ? 'configmap' : 'secret'
  const object = source(api, kind, namespace, reference.name)
  const value = object && textData(object)[reference.key]
  if (value !== undefined || reference.optional) return value
  if (object === undefined) throw new ContainerConfigError(`${kind} "${reference.name}" not found`)
  const title = kind === 'configmap' ? 'ConfigMap' : 'Secret'
  throw new ContainerConfigError(`couldn't find key ${reference.key} in ${title} ${namespace}/${reference.name}`)
}

/** A field of the downward API as text. */
export function fieldValue(pod: KubeObject, path: string, where: { podIP: string; nodeIP: string }): string {
  const entry = /^metadata\.(labels|annotations)\['(.+)'\]$/.exec(path)
  if (entry) return pod.metadata[entry[1] as 'labels' | 'annotations']?.[entry[2] ?? ''] ?? ''
  switch (path) {
    case 'status.podIP':
    case 'status.podIPs':
      return where.podIP
    case 'status.hostIP':
    case 'status.hostIPs':
      return where.nodeIP
    case 'metadata.labels':
    case 'metadata.annotations': {
      const map = pod.metadata[path.slice('metadata.'.length) as 'labels' | 'annotations'] ?? {}
      const lines = Object.keys(map)
        .sort()
        .map((key) => `${key}=${JSON.stringify(map[key])}`)
      return lines.join('\n')
    }
    default: {
      const value: unknown = path.split('.').reduce<KubeObject['spec']>((at, key) => at?.[key], pod)
      return typeof value === 'string' ? value : ''
    }
  }
}

function resourceValue(
  pod: KubeObject,
  container: KubeObject['spec'],
  { resource, divisor, containerName }: { resource: string; divisor?: string; containerName?: string },
): string {
  const all = [...pod.spec.containers, ...(pod.spec.initContainers ?? [])]
  const of = containerName === undefined ? container : all.find(({ name }) => name === containerName)
  const [kind = '', name = ''] = resource.split('.')
  // A limit that is not set is the node's own size.
  const nodeSize: Record<string, string> = { cpu: '8', memory: '16Gi', 'ephemeral-storage': '100Gi' }
  const value = quantityValue(of?.resources?.[kind]?.[name] ?? (kind === 'limits' ? nodeSize[name] : '0'))
  const unit = quantityValue(divisor ?? '1') || 1
  return String(Math.ceil(value / unit - 1e-9))
}

/** pkg/kubelet/envvars: the services of the namespace as environment; `kubernetes` of `default` always. */
function serviceLinks(api: Api, namespace: string, wanted: boolean): Record<string, string> {
  const master = api.get('services', 'default', 'kubernetes')
  const own = wanted ? api.list('services', { namespace }) : []
  const env: Record<string, string> = {}
  for (const service of new Set([...(master ? [master] : []), ...own])) {
    const { clusterIP: ip, ports = [] } = service.spec ?? {}
    if (!ip || ip === 'None' || ports.length === 0) continue
    const name = service.metadata.name.toUpperCase().replaceAll(/[-.]/g, '_')
    env[`${name}_SERVICE_HOST`] = ip
    env[`${name}_SERVICE_PORT`] = String(ports[0].port)
    for (const [index, port] of ports.entries()) {
      const protocol: string = port.protocol ?? 'TCP'
      if (port.name) env[`${name}_SERVICE_PORT_${port.name.toUpperCase().replaceAll('-', '_')}`] = String(port.port)
      const url = `${protocol.toLowerCase()}://${ip}:${port.port}`
      if (index === 0) env[`${name}_PORT`] = url
      const prefix = `${name}_PORT_${port.port}_${protocol}`
      Object.assign(env, {
        [prefix]: url,
        [`${prefix}_PROTO`]: protocol.toLowerCase(),
        [`${prefix}_PORT`]: String(port.port),
        [`${prefix}_ADDR`]: ip,
      })
    }
  }
  return env
}
