import { timestamp, type Api, type Clock, type ContainerUsage, type KubeObject } from '../kubernetes/index.ts'
import type { ServedResource } from '../schema/index.ts'
import type { VirtualResource } from './virtual.ts'

/** The period that metrics-server says its numbers stand for. */
const WINDOW = '15s'

export interface UsageSource {
  podUsage(namespace: string, name: string): readonly ContainerUsage[] | undefined
  nodeUsage(): { milliCpu: number; memoryBytes: number }
}

const served = (plural: string, kind: string, namespaced: boolean): ServedResource => ({
  group: 'metrics.k8s.io',
  version: 'v1beta1',
  plural,
  kind,
  namespaced,
  singular: '',
  shortNames: [],
  categories: [],
  verbs: ['get', 'list'],
  subresources: [],
  fieldSelectors: [],
  order: 0,
})

const quantities = ({ milliCpu, memoryBytes }: { milliCpu: number; memoryBytes: number }): Record<string, string> => ({
  cpu: `${Math.round(milliCpu * 1e6)}n`,
  memory: `${Math.round(memoryBytes / 1024)}Ki`,
})

/** `metrics.k8s.io`, as metrics-server serves it for `kubectl top` and autoscalers: usage comes from the node when it is asked for. */
export function metricsResources({
  api,
  clock,
  usage,
}: {
  api: Api
  clock: Clock
  usage: UsageSource
}): VirtualResource[] {
  const measured = (kind: string, { metadata }: KubeObject): KubeObject => {
    const { name, namespace, labels } = metadata
    return {
      kind,
      apiVersion: 'metrics.k8s.io/v1beta1',
      metadata: {
        name,
        ...(namespace && { namespace }),
        creationTimestamp: timestamp(clock),
        ...(labels && { labels }),
        uid: '',
        resourceVersion: '',
      },
      timestamp: timestamp(clock),
      window: WINDOW,
    }
  }
  const ofPod = (pod: KubeObject): KubeObject | undefined => {
    const containers = usage.podUsage(pod.metadata.namespace ?? '', pod.metadata.name)
    return (
      containers && {
        ...measured('PodMetrics', pod),
        containers: containers.map((each) => ({ name: each.name, usage: quantities(each) })),
      }
    )
  }
  const ofNode = (node: KubeObject): KubeObject => ({
    ...measured('NodeMetrics', node),
    usage: quantities(usage.nodeUsage()),
  })
  return [
    {
      resource: served('pods', 'PodMetrics', true),
      get: (namespace, name) => present(api.get('pods', namespace, name), ofPod),
      list: (namespace) =>
        api
          .list('pods', namespace === undefined ? {} : { namespace })
          .map(ofPod)
          .filter((each) => each !== undefined),
    },
    {
      resource: served('nodes', 'NodeMetrics', false),
      get: (_, name) => present(api.get('nodes', undefined, name), ofNode),
      list: () => api.list('nodes').map(ofNode),
    },
  ]
}

function present<T>(object: KubeObject | undefined, make: (object: KubeObject) => T): T | undefined {
  return object && make(object)
}
