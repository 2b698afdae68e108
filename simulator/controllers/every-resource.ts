import type { Api, KubeObject, ResourceName, WatchEvent } from '../kubernetes/index.ts'

const namespaced = [
  'pods',
  'services',
  'configmaps',
  'secrets',
  'serviceaccounts',
  'endpoints',
  'events',
  'limitranges',
  'persistentvolumeclaims',
  'podtemplates',
  'replicationcontrollers',
  'resourcequotas',
  'deployments.apps',
  'replicasets.apps',
  'statefulsets.apps',
  'daemonsets.apps',
  'controllerrevisions.apps',
  'jobs.batch',
  'cronjobs.batch',
  'horizontalpodautoscalers.autoscaling',
  'ingresses.networking.k8s.io',
  'networkpolicies.networking.k8s.io',
  'poddisruptionbudgets.policy',
  'roles.rbac.authorization.k8s.io',
  'rolebindings.rbac.authorization.k8s.io',
  'leases.coordination.k8s.io',
  'endpointslices.discovery.k8s.io',
  'csistoragecapacities.storage.k8s.io',
  'resourceclaims.resource.k8s.io',
  'resourceclaimtemplates.resource.k8s.io',
] as const

const clusterScoped = [
  'namespaces',
  'nodes',
  'persistentvolumes',
  'clusterroles.rbac.authorization.k8s.io',
  'clusterrolebindings.rbac.authorization.k8s.io',
  'customresourcedefinitions.apiextensions.k8s.io',
  'mutatingwebhookconfigurations.admissionregistration.k8s.io',
  'validatingwebhookconfigurations.admissionregistration.k8s.io',
  'validatingadmissionpolicies.admissionregistration.k8s.io',
  'validatingadmissionpolicybindings.admissionregistration.k8s.io',
  'apiservices.apiregistration.k8s.io',
  'storageclasses.storage.k8s.io',
  'volumeattachments.storage.k8s.io',
  'csinodes.storage.k8s.io',
  'ingressclasses.networking.k8s.io',
  'priorityclasses.scheduling.k8s.io',
  'runtimeclasses.node.k8s.io',
  'flowschemas.flowcontrol.apiserver.k8s.io',
  'prioritylevelconfigurations.flowcontrol.apiserver.k8s.io',
] as const

const definitions = 'customresourcedefinitions.apiextensions.k8s.io'

/** Names of the resources that live in namespaces, custom ones included. */
export function namespacedResources(api: Api): ResourceName[] {
  const custom = api.list(definitions).filter(({ spec }) => spec.scope === 'Namespaced')
  return [
    ...namespaced.filter((name) => api.resource(name) !== undefined),
    ...custom.map(({ metadata }) => metadata.name),
  ]
}

/** Tells the changes of all resources, custom ones from when they are defined. Events are left out: nothing hangs on them. */
export function watchEverything(api: Api, listener: (resource: ResourceName, event: WatchEvent) => void): Disposable {
  const watches = new Map<ResourceName, Disposable>()
  const begin = (name: ResourceName): void => {
    if (!watches.has(name))
      watches.set(
        name,
        api.watch(name, (event) => listener(name, event)),
      )
  }
  for (const name of [...namespaced, ...clusterScoped]) if (name !== 'events') begin(name)
  const custom = api.watch(definitions, ({ type, object }: { type: string; object: KubeObject }) => {
    if (type !== 'DELETED') begin(object.metadata.name)
  })
  return {
    [Symbol.dispose]() {
      custom[Symbol.dispose]()
      for (const watch of watches.values()) watch[Symbol.dispose]()
    },
  }
}
