import { copyTree } from '../../schema/index.ts'
import { conflict, notFound, type KubeObject, type NewObject } from '../../kubernetes/index.ts'
import type { Kernel, WriteContext } from '../kernel.ts'
import { timestamp } from '../../kubernetes/index.ts'
import { update } from './update.ts'

/**
 * Puts a pod on a node, as the scheduler asks with a Binding (`{kind: 'Binding', metadata, target: {name}}`)
 * or, in process, with the pod itself whose spec.nodeName is set.
 */
export async function bind(kernel: Kernel, binding: NewObject, context: WriteContext): Promise<KubeObject> {
  const pods = kernel.catalog.named('pods')
  const { namespace = 'default', name = '', annotations, uid } = binding.metadata
  if (pods === undefined) throw notFound({ group: '', plural: 'pods' }, name)
  const node = (binding.kind === 'Pod' ? binding['spec']?.nodeName : binding['target']?.name) as string
  const change = (current: KubeObject): NewObject => {
    if (uid && uid !== current.metadata.uid)
      throw conflict(
        { group: '', plural: 'pods/binding' },
        name,
        `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${current.metadata.uid}`,
      )
    if (current.metadata.deletionTimestamp)
      throw conflict(
        { group: '', plural: 'pods/binding' },
        name,
        `pod ${name} is being deleted, cannot be assigned to a host`,
      )
    if (current['spec']?.nodeName)
      throw conflict(
        { group: '', plural: 'pods/binding' },
        name,
        `pod ${name} is already assigned to node "${current['spec'].nodeName}"`,
      )
    const pod = copyTree(current)
    pod['spec'].nodeName = node
    if (annotations) pod.metadata.annotations = { ...pod.metadata.annotations, ...annotations }
    const others = ((pod['status']?.conditions ?? []) as { type: string }[]).filter(
      (condition) => condition.type !== 'PodScheduled',
    )
    const scheduled = {
      type: 'PodScheduled',
      status: 'True',
      lastProbeTime: null,
      lastTransitionTime: timestamp(kernel.clock),
    }
    pod['status'] = { ...pod['status'], conditions: [...others, scheduled] }
    return pod
  }
  return update(kernel, pods, `${namespace}/${name}`, { change }, { ...context, subresource: 'binding' })
}
