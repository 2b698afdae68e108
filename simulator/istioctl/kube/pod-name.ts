import { CommandError } from '../command-line/io.ts'
import { RefusedError, type KubeClient } from './client.ts'

export interface PodName {
  name: string
  namespace: string
}

const workloadKinds: Readonly<Record<string, [apiVersion: string, kind: string]>> = {
  deploy: ['apps/v1', 'Deployment'],
  deployment: ['apps/v1', 'Deployment'],
  deployments: ['apps/v1', 'Deployment'],
  statefulset: ['apps/v1', 'StatefulSet'],
  sts: ['apps/v1', 'StatefulSet'],
  daemonset: ['apps/v1', 'DaemonSet'],
  ds: ['apps/v1', 'DaemonSet'],
  replicaset: ['apps/v1', 'ReplicaSet'],
  rs: ['apps/v1', 'ReplicaSet'],
  service: ['v1', 'Service'],
  svc: ['v1', 'Service'],
}

/** `name`, `name.namespace`, `deploy/name[.namespace]`: the pod that is meant. Throws `CommandError` in istioctl's words. */
export async function findPod(client: KubeClient, text: string, defaultNamespace: string): Promise<PodName> {
  const slash = text.indexOf('/')
  const kind = slash < 0 ? 'pod' : text.slice(0, slash).toLowerCase()
  const rest = text.slice(slash + 1)
  const dot = rest.indexOf('.')
  const name = dot < 0 ? rest : rest.slice(0, dot)
  const namespace = dot < 0 ? defaultNamespace : rest.slice(dot + 1)
  if (['pod', 'pods', 'po'].includes(kind)) return { name, namespace }
  const found = workloadKinds[kind]
  if (found === undefined) throw new CommandError(`the server doesn't have a resource type "${kind}"`)
  const [apiVersion, resourceKind] = found
  const workload = await client.get(apiVersion, resourceKind, namespace, name)
  if (workload === undefined) {
    const group = apiVersion.includes('/') ? `.${apiVersion.split('/')[0] ?? ''}` : ''
    throw new CommandError(
      `failed retrieving: ${resourceKind.toLowerCase()}s${group} "${name}" not found in the "${namespace}" namespace`,
    )
  }
  const selector: Record<string, string> = workload['spec'].selector?.matchLabels ?? workload['spec'].selector ?? {}
  const labels = Object.entries(selector)
    .map(([key, value]) => `${key}=${value}`)
    .join(',')
  const pods = await client.list('v1', 'Pod', { namespace, labels })
  const pod = pods.find((one) => one['status']?.phase === 'Running') ?? pods[0]
  if (pod === undefined)
    throw new CommandError(`no pods found for ${resourceKind.toLowerCase()}/${name} in the "${namespace}" namespace`)
  return { name: pod.metadata.name, namespace }
}

/** Throws when the pod is not there, as port-forwarding to it would. */
export async function requirePod(client: KubeClient, { name, namespace }: PodName): Promise<void> {
  const failure = (reason: string): CommandError =>
    new CommandError(
      `failure running port forward process: failure running port forward process: building port forwarded: failed retrieving: ${reason} in the "${namespace}" namespace`,
    )
  try {
    if ((await client.get('v1', 'Pod', namespace, name)) === undefined) throw failure(`pods "${name}" not found`)
  } catch (error) {
    if (error instanceof RefusedError) throw failure(error.message)
    if (error instanceof CommandError && !error.message.startsWith('failure')) throw failure(error.message)
    throw error
  }
}
