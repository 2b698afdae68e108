import type { Pod } from './pod.ts'

export interface Owner {
  name: string
  apiVersion: string
  kind: string
}

/**
 * The workload that a pod belongs to: a ReplicaSet with a template hash stands for its Deployment, a Job named after a time for its
 * CronJob. A pod that was not generated is its own workload; a generated one without a controller has none.
 */
export function workloadOf(pod: Pod): Owner | undefined {
  const { name, generateName, ownerReferences, labels } = pod.metadata
  if (generateName === undefined || generateName === '') {
    return name === undefined ? undefined : { name, apiVersion: 'v1', kind: 'Pod' }
  }
  const controller = ownerReferences?.find((reference) => reference.controller === true)
  if (controller === undefined) return undefined
  const hash = labels?.['pod-template-hash']
  if (controller.kind === 'ReplicaSet' && hash !== undefined && controller.name.endsWith(`-${hash}`)) {
    return { name: controller.name.slice(0, -hash.length - 1), apiVersion: 'apps/v1', kind: 'Deployment' }
  }
  const run = /^(.+)-\d{8,}$/.exec(controller.name)
  if (controller.kind === 'Job' && run?.[1] !== undefined)
    return { name: run[1], apiVersion: 'batch/v1', kind: 'CronJob' }
  return { name: controller.name, apiVersion: controller.apiVersion, kind: controller.kind }
}

/** `kubernetes://apis/apps/v1/namespaces/shop/deployments/web` */
export function ownerUrl(owner: Owner, namespace: string): string {
  return `kubernetes://apis/${owner.apiVersion}/namespaces/${namespace}/${owner.kind.toLowerCase()}s/${owner.name}`
}

/** The name and version by which telemetry and the proxies know a workload. */
export function canonicalLabels(pod: Pod): { name: string; revision: string } {
  const labels = pod.metadata.labels ?? {}
  const first = (...keys: string[]): string | undefined =>
    keys.map((key) => labels[key]).find((value) => value !== undefined && value !== '')
  return {
    name: first('service.istio.io/canonical-name', 'app.kubernetes.io/name', 'app') ?? workloadOf(pod)?.name ?? '',
    revision: first('service.istio.io/canonical-revision', 'app.kubernetes.io/version', 'version') ?? 'latest',
  }
}
