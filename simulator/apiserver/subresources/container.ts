import { badRequest, type KubeObject } from '../../kubernetes/index.ts'

interface Named {
  name: string
}

/** The container that a request names, or the only one; 400 with the API server's sentences otherwise. */
export function containerOf(pod: KubeObject, name: string | undefined): string {
  const {
    containers = [],
    initContainers = [],
    ephemeralContainers = [],
  } = pod['spec'] as Record<string, Named[] | undefined>
  const all = [...containers, ...initContainers, ...ephemeralContainers].map((container) => container.name)
  if (name) {
    if (!all.includes(name)) throw badRequest(`container ${name} is not valid for pod ${pod.metadata.name}`)
    return name
  }
  const preferred = pod.metadata.annotations?.['kubectl.kubernetes.io/default-container']
  if (preferred && all.includes(preferred)) return preferred
  if (containers.length === 1 && initContainers.length === 0) return containers[0]?.name ?? ''
  const list = (of: readonly Named[]): string => of.map((container) => container.name).join(' ')
  const choices = `choose one of: [${list(containers)}]`
  const init = initContainers.length > 0 ? ` or one of the init containers: [${list(initContainers)}]` : ''
  throw badRequest(`a container name must be specified for pod ${pod.metadata.name}, ${choices}${init}`)
}
