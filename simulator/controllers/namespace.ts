import { createWorkQueue, timestamp, type KubeObject, type ResourceName } from '../kubernetes/index.ts'
import { withCondition, type Condition } from './conditions.ts'
import { manager, together, type Controller } from './controller.ts'
import { namespacedResources } from './every-resource.ts'

const lookAgainMilliseconds = 250

interface Remaining {
  resource: ResourceName
  objects: readonly KubeObject[]
}

/** Empties namespaces that are being deleted, tells what holds them up, and lets them go when nothing is left. */
export const namespaceController: Controller = ({ api, clock, report }) => {
  const reconcile = async (name: string): Promise<void> => {
    const namespace = api.get('namespaces', undefined, name)
    if (namespace?.metadata.deletionTimestamp === undefined) return
    const resources = namespacedResources(api)
    for (const resource of resources) {
      for (const { metadata } of api.list(resource, { namespace: name })) {
        if (metadata.deletionTimestamp === undefined) {
          await api.delete(resource, name, metadata.name, { propagation: 'Background', uid: metadata.uid, manager })
        }
      }
    }
    const remaining = resources
      .map((resource) => ({ resource, objects: api.list(resource, { namespace: name }) }))
      .filter(({ objects }) => objects.length > 0)
    if (remaining.length > 0) {
      await writeConditions(name, remaining)
      queue.addAfter(name, lookAgainMilliseconds)
      return
    }
    await api.mutate(
      'namespaces',
      undefined,
      name,
      ({ spec }) => {
        const finalizers: string[] = spec?.finalizers ?? []
        if (!finalizers.includes('kubernetes')) return false
        spec.finalizers = finalizers.filter((finalizer) => finalizer !== 'kubernetes')
      },
      { subresource: 'finalize', manager },
    )
  }

  const writeConditions = async (name: string, remaining: readonly Remaining[]): Promise<void> => {
    await api.mutate(
      'namespaces',
      undefined,
      name,
      (namespace) => {
        const before: Condition[] = namespace.status?.conditions ?? []
        const after = conditionsOf(remaining).reduce((all, condition) => {
          const old = all.find(({ type }) => type === condition.type)
          // Counts change while status and reason stay: the message still has to be told.
          if (old?.message === condition.message) return all
          return withCondition(
            clock,
            all.filter((other) => other !== old),
            { ...condition, lastTransitionTime: timestamp(clock) },
          )
        }, before)
        if (after === before) return false
        namespace.status = { ...namespace.status, phase: 'Terminating', conditions: after }
      },
      { subresource: 'status', manager },
    )
  }

  const queue = createWorkQueue({ clock, reconcile, report })
  const watch = api.watch('namespaces', ({ type, object }) => {
    if (type !== 'DELETED' && object.metadata.deletionTimestamp !== undefined) queue.add(object.metadata.name)
  })
  return together([watch, queue])
}

/** The five conditions of a namespace that is ending (namespace_conditions.go). */
function conditionsOf(remaining: readonly Remaining[]): Condition[] {
  const left = remaining.map(({ resource, objects }) => {
    const [plural = '', ...group] = resource.split('.')
    return `${plural}.${group.join('.')} has ${objects.length} resource instances`
  })
  const held = new Map<string, number>()
  for (const { objects } of remaining) {
    for (const finalizer of objects.flatMap(({ metadata }) => metadata.finalizers ?? []))
      held.set(finalizer, (held.get(finalizer) ?? 0) + 1)
  }
  const finalizers = [...held].map(([finalizer, count]) => `${finalizer} in ${count} resource instances`)
  return [
    no('NamespaceDeletionDiscoveryFailure', 'ResourcesDiscovered', 'All resources successfully discovered'),
    no(
      'NamespaceDeletionGroupVersionParsingFailure',
      'ParsedGroupVersions',
      'All legacy kube types successfully parsed',
    ),
    no(
      'NamespaceDeletionContentFailure',
      'ContentDeleted',
      'All content successfully deleted, may be waiting on finalization',
    ),
    {
      type: 'NamespaceContentRemaining',
      status: 'True',
      reason: 'SomeResourcesRemain',
      message: `Some resources are remaining: ${left.join(', ')}`,
    },
    finalizers.length === 0
      ? no('NamespaceFinalizersRemaining', 'ContentHasNoFinalizers', 'All content-preserving finalizers finished')
      : {
          type: 'NamespaceFinalizersRemaining',
          status: 'True',
          reason: 'SomeFinalizersRemain',
          message: `Some content in the namespace has finalizers remaining: ${finalizers.join(', ')}`,
        },
  ]
}

const no = (type: string, reason: string, message: string): Condition => ({ type, status: 'False', reason, message })
