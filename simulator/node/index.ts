import { createEventRecorder, keyOf, type ContainerUsage, type Kubelet, type KubeObject } from '../kubernetes/index.ts'
import { createContainerShell, findImage } from '../programs/index.ts'
import type { NodeContext, NodeOptions } from './contract.ts'
import { kubeletApi } from './kubelet.ts'
import { nodeAddress } from '../network/index.ts'
import { registerNode } from './node-object.ts'
import { isTerminal, PodRunner } from './pod-runner.ts'
import { SharedVolumes } from './shared-volumes.ts'
import { UsageMeter } from './usage.ts'

export type { NodeOptions, PodTokenRequest } from './contract.ts'

/** A simulated node: runs the pods that are bound to it. */
export interface Node extends Disposable {
  readonly name: string
  readonly kubelet: Kubelet
  /** Usage of a pod's running containers at this moment; undefined when none runs. */
  podUsage(namespace: string, name: string): ContainerUsage[] | undefined
  /** Usage of the whole node, its own services included. */
  nodeUsage(): { milliCpu: number; memoryBytes: number }
}

const usualPace = { pull: [60, 200], start: [60, 160] } as const
// The kubelet, the runtime and the control plane.
const ownUsage = { milliCpu: 120, memoryBytes: 900 * 2 ** 20 }

/** Registers the node and begins to run its pods; pods that ran before a restart of the host are taken up as running. */
export function createNode(options: NodeOptions): Node {
  const { api, clock } = options
  const name = options.name ?? 'labwright-control-plane'
  const report = options.report ?? (() => {})
  const node: NodeContext = {
    ...options,
    name,
    pace: options.pace ?? usualPace,
    findImage: options.findImage ?? findImage,
    createShell: options.createShell ?? createContainerShell,
    report,
    issueToken: options.issueToken,
    recorder: createEventRecorder({ api, clock, report, component: 'kubelet', host: name }),
    pulled: new Set(),
    sharedVolumes: new SharedVolumes(api),
  }
  const runners = new Map<string, PodRunner>()
  const meter = new UsageMeter(clock)
  const registration = registerNode({ api, clock, report: node.report }, name)

  const forget = (key: string): void => {
    runners.get(key)?.[Symbol.dispose]()
    runners.delete(key)
  }

  /** A pod that had ended before this process began: nothing runs, so a delete needs no grace. */
  const removeEnded = ({ metadata }: KubeObject): void => {
    if (metadata.deletionTimestamp === undefined) return
    api
      .delete('pods', metadata.namespace, metadata.name, {
        gracePeriodSeconds: 0,
        uid: metadata.uid,
        manager: 'kubelet',
      })
      .catch((error: unknown) => node.report(error, metadata.name))
  }

  const watch = api.watch('pods', ({ type, object }) => {
    if (object.spec.nodeName !== name) return
    const key = keyOf(object)
    if (type === 'DELETED') return forget(key)
    const runner = runners.get(key)
    if (runner !== undefined && runner.pod.metadata.uid === object.metadata.uid) return runner.update(object)
    if (runner !== undefined) forget(key)
    if (isTerminal(object)) return removeEnded(object)
    const fresh = new PodRunner(node, nodeAddress, object)
    runners.set(key, fresh)
    fresh.start()
  })

  // A real kubelet looks about once a minute; a lab need not wait that long.
  const refresh = (kind: 'configmap' | 'secret') =>
    api.watch(`${kind}s`, ({ type, object }) => {
      if (type !== 'MODIFIED') return
      for (const runner of runners.values()) {
        if (runner.pod.metadata.namespace === object.metadata.namespace)
          runner.refreshVolumes(kind, object.metadata.name)
      }
    })
  const refreshes = [refresh('configmap'), refresh('secret')]

  const podUsage = (namespace: string, pod: string): ContainerUsage[] | undefined => {
    const containers = runners.get(`${namespace}/${pod}`)?.containers ?? []
    const usage = containers.map((container) => meter.of(container)).filter((of) => of !== undefined)
    return usage.length === 0 ? undefined : usage
  }

  return {
    name,
    kubelet: kubeletApi((namespace, pod) => runners.get(`${namespace}/${pod}`)),
    podUsage,
    nodeUsage() {
      const total = { ...ownUsage }
      for (const runner of runners.values()) {
        for (const container of runner.containers) {
          const usage = meter.of(container)
          total.milliCpu += usage?.milliCpu ?? 0
          total.memoryBytes += usage?.memoryBytes ?? 0
        }
      }
      return total
    },
    [Symbol.dispose]() {
      watch[Symbol.dispose]()
      registration[Symbol.dispose]()
      node.sharedVolumes[Symbol.dispose]()
      for (const each of refreshes) each[Symbol.dispose]()
      for (const key of runners.keys()) forget(key)
    },
  }
}
