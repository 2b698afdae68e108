import { setTimeout as sleep } from 'node:timers/promises'
import type { KubeObject, NewObject } from '../../kubernetes/index.ts'
import type { KubeClient } from '../kube/client.ts'

/** Between looks. The real istioctl takes two seconds; here pods start faster. */
const pollMilliseconds = 100

/** Objects that an installation waits for. */
const waited: readonly string[] = ['Deployment', 'DaemonSet', 'StatefulSet', 'CustomResourceDefinition']

/**
 * Looks until all objects are ready. `onWaiting` is told what is missing as `Kind/namespace/name`.
 * Throws after the time-out with istioctl's words.
 */
export async function waitForObjects(
  client: KubeClient,
  objects: readonly NewObject[],
  timeoutMilliseconds: number,
  onWaiting: (missing: string[]) => void,
): Promise<void> {
  const end = performance.now() + timeoutMilliseconds
  let pending = objects.filter((object) => waited.includes(object.kind))
  for (;;) {
    const states = await Promise.all(pending.map((object) => isReady(client, object)))
    pending = pending.filter((_, index) => states[index] !== true)
    if (pending.length === 0) return
    onWaiting(
      pending.map(({ kind, metadata }) =>
        [kind, metadata.namespace, metadata.name].filter((part) => part !== undefined).join('/'),
      ),
    )
    if (performance.now() >= end) {
      throw new Error(
        `failed to wait for resource: resources not ready after ${timeoutMilliseconds / 1000}s: context deadline exceeded`,
      )
    }
    await sleep(pollMilliseconds)
  }
}

async function isReady(client: KubeClient, object: NewObject): Promise<boolean> {
  const { name = '', namespace } = object.metadata
  const current = await client.get(object.apiVersion, object.kind, namespace, name)
  return (
    current !== undefined && (object.kind === 'CustomResourceDefinition' ? established(current) : available(current))
  )
}

function established(crd: KubeObject): boolean {
  const conditions: { type: string; status: string }[] = crd['status']?.conditions ?? []
  return conditions.some((condition) => condition.type === 'Established' && condition.status === 'True')
}

/** The newest generation is rolled out and as many pods are ready as were asked for. */
function available({ metadata, spec, status }: KubeObject): boolean {
  const wanted = spec.replicas ?? 1
  const seen = (status?.observedGeneration ?? 0) >= (metadata.generation ?? 0)
  return seen && (status?.updatedReplicas ?? 0) >= wanted && (status?.readyReplicas ?? 0) >= wanted
}
