import type { V1Pod } from '@kubernetes/client-node'
import type { DryRun, Kind, KubernetesReader, Resource } from '../../../verifiers/context.ts'
import { collectionPath, type ApiClient } from '../../clusters/index.ts'

/** Any image: a dry run never starts it. */
const DRY_RUN_IMAGE = 'registry.k8s.io/pause:3.10'

interface List {
  items?: object[]
  metadata?: { continue?: string }
}

/** Reads the cluster for a check. A kind that is not served reads as empty; other refusals are errors. */
export function readCluster(api: ApiClient, signal: AbortSignal): KubernetesReader {
  const get = async (path: string): Promise<object | undefined> => {
    const { status, body } = await api.request(path, { signal })
    if (status === 404) return undefined
    if (status !== 200) throw new Error(`the Kubernetes API answered ${status} to GET ${path}: ${messageOf(body)}`)
    return body as object
  }
  return {
    get: async <T extends object = Resource>({ apiVersion, plural }: Kind, name: string, namespace?: string) =>
      (await get(`${collectionPath(apiVersion, plural, namespace)}/${encodeURIComponent(name)}`)) as T | undefined,

    async list<T extends object = Resource>(
      { apiVersion, plural }: Kind,
      { namespace, labelSelector }: { namespace?: string; labelSelector?: string } = {},
    ) {
      const items: object[] = []
      let rest: string | undefined
      do {
        const query = new URLSearchParams({ limit: '500' })
        if (labelSelector !== undefined) query.set('labelSelector', labelSelector)
        if (rest !== undefined) query.set('continue', rest)
        const list: List | undefined = await get(`${collectionPath(apiVersion, plural, namespace)}?${query.toString()}`)
        items.push(...(list?.items ?? []))
        rest = list?.metadata?.continue
      } while (rest !== undefined && rest !== '')
      return items as T[]
    },

    async dryRunPod(namespace, pod): Promise<DryRun> {
      const { status, body } = await api.request(`${collectionPath('v1', 'pods', namespace)}?dryRun=All`, {
        method: 'POST',
        body: JSON.stringify({
          apiVersion: 'v1',
          kind: 'Pod',
          metadata: { generateName: 'grader-dry-run-', namespace, labels: pod.labels ?? {} },
          spec: {
            containers: [{ name: 'app', image: DRY_RUN_IMAGE }],
            ...(pod.serviceAccount === undefined ? {} : { serviceAccountName: pod.serviceAccount }),
          },
        }),
        signal,
      })
      return status < 300 ? { admitted: true, pod: body as V1Pod } : { admitted: false, message: messageOf(body) }
    },
  }
}

function messageOf(body: unknown): string {
  return (body as { message?: string } | undefined)?.message ?? String(body)
}
