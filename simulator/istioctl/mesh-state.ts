import type { KubeObject } from '../kubernetes/index.ts'
import type { KubeClient } from './kube/client.ts'

/** Running istiod pods, of one revision or of all. */
export async function istiodPods(client: KubeClient, namespace: string, revision?: string): Promise<KubeObject[]> {
  const labels = revision === undefined ? 'app=istiod' : `app=istiod,istio.io/rev=${revision}`
  const pods = await client.list('v1', 'Pod', { namespace, labels })
  return pods.filter((pod) => pod['status']?.phase === 'Running' && pod.metadata.deletionTimestamp === undefined)
}
