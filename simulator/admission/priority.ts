import { forbidden, type AdmissionPlugin, type Api, type KubeObject } from '../kubernetes/index.ts'

const CLASSES = 'priorityclasses.scheduling.k8s.io'

/** Writes into each pod the number that its priority class stands for. */
export function priority(api: Api): AdmissionPlugin {
  return {
    name: 'Priority',
    handles: ({ resource, operation, subresource }) =>
      operation === 'CREATE' && subresource === undefined && ['pods', 'priorityclasses'].includes(resource.plural),
    mutate({ object: pod, resource, name }) {
      if (pod === undefined || resource.plural !== 'pods') return
      const spec = pod['spec'] as { priorityClassName?: string; priority?: number; preemptionPolicy?: string }
      const chosen = classOf(api, spec.priorityClassName)
      if (spec.priorityClassName && chosen === undefined)
        throw forbidden(resource, name, `no PriorityClass with name ${spec.priorityClassName} was found`)
      const value = (chosen?.['value'] as number | undefined) ?? 0
      const policy = (chosen?.['preemptionPolicy'] as string | undefined) ?? 'PreemptLowerPriority'
      const computed = (what: string, given: unknown, wanted: unknown): string =>
        `the ${what} (${String(given)}) must not be provided in pod spec; priority admission controller computed ${String(wanted)} from the given PriorityClass name`
      if (spec.priority !== undefined && spec.priority !== value)
        throw forbidden(resource, name, computed('integer value of priority', spec.priority, value))
      if (spec.preemptionPolicy !== undefined && spec.preemptionPolicy !== policy)
        throw forbidden(resource, name, computed('string value of PreemptionPolicy', spec.preemptionPolicy, policy))
      if (chosen) spec.priorityClassName = chosen.metadata.name
      Object.assign(spec, { priority: value, preemptionPolicy: policy })
    },
    validate({ object, resource, name }) {
      if (resource.plural !== 'priorityclasses' || !object?.['globalDefault']) return
      const other = defaultClass(api)
      if (other && other.metadata.name !== name)
        throw forbidden(
          resource,
          name,
          `PriorityClass ${other.metadata.name} is already marked as default. Only one default can exist`,
        )
    },
  }
}

function classOf(api: Api, name: string | undefined): KubeObject | undefined {
  return name ? api.get(CLASSES, undefined, name) : defaultClass(api)
}

function defaultClass(api: Api): KubeObject | undefined {
  return api.list(CLASSES).find((each) => each['globalDefault'] === true)
}
