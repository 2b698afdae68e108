import { forbidden, quantityValue, type AdmissionPlugin, type Api, type NewObject } from '../kubernetes/index.ts'

type Quantities = Record<string, string>

interface Limit {
  type: 'Container' | 'Pod' | 'PersistentVolumeClaim'
  min?: Quantities
  max?: Quantities
  default?: Quantities
  defaultRequest?: Quantities
  maxLimitRequestRatio?: Quantities
}

interface Container {
  name: string
  resources?: { requests?: Quantities; limits?: Quantities }
}

const ANNOTATION = 'kubernetes.io/limit-ranger'

/** LimitRange objects: defaults for containers that say nothing, and bounds for all. */
export function limitRanger(api: Api): AdmissionPlugin {
  const limitsOf = (namespace: string): Limit[] =>
    api.list('limitranges', { namespace }).flatMap((range) => (range['spec']?.limits ?? []) as Limit[])
  return {
    name: 'LimitRanger',
    handles: ({ resource, operation, subresource }) =>
      resource.group === '' &&
      subresource === undefined &&
      operation === 'CREATE' &&
      ['pods', 'persistentvolumeclaims'].includes(resource.plural),
    mutate({ object, resource, namespace = '' }) {
      if (object === undefined || resource.plural !== 'pods') return
      for (const limit of limitsOf(namespace)) if (limit.type === 'Container') setDefaults(object, limit)
    },
    validate({ object, resource, namespace = '', name }) {
      if (object === undefined) return
      const problems = limitsOf(namespace).flatMap((limit) =>
        resource.plural === 'pods' ? podProblems(object, limit) : claimProblems(object, limit),
      )
      if (problems.length > 0)
        throw forbidden(resource, name, problems.length === 1 ? (problems[0] ?? '') : `[${problems.join(', ')}]`)
    },
  }
}

function containersOf(pod: NewObject): [entity: string, container: Container][] {
  const { containers = [], initContainers = [] } = pod['spec'] as {
    containers?: Container[]
    initContainers?: Container[]
  }
  return [
    ...containers.map((container): [string, Container] => ['container', container]),
    ...initContainers.map((container): [string, Container] => ['init container', container]),
  ]
}

function setDefaults(pod: NewObject, limit: Limit): void {
  const notes: string[] = []
  for (const [entity, container] of containersOf(pod)) {
    const resources = (container.resources ??= {})
    const limits = missing(resources.limits, limit.default)
    const requests = missing(resources.requests, limit.defaultRequest)
    if (limits.length > 0) resources.limits = { ...pick(limit.default, limits), ...resources.limits }
    if (requests.length > 0) resources.requests = { ...pick(limit.defaultRequest, requests), ...resources.requests }
    if (requests.length > 0) notes.push(`${requests.join(', ')} request for ${entity} ${container.name}`)
    if (limits.length > 0) notes.push(`${limits.join(', ')} limit for ${entity} ${container.name}`)
  }
  if (notes.length > 0)
    pod.metadata.annotations = {
      ...pod.metadata.annotations,
      [ANNOTATION]: `LimitRanger plugin set: ${notes.join('; ')}`,
    }
}

function missing(own: Quantities | undefined, defaults: Quantities = {}): string[] {
  return Object.keys(defaults)
    .filter((name) => own?.[name] === undefined)
    .sort()
}

function pick(from: Quantities = {}, names: readonly string[]): Quantities {
  return Object.fromEntries(names.map((name) => [name, from[name] ?? '0']))
}

function podProblems(pod: NewObject, limit: Limit): string[] {
  if (limit.type === 'Container')
    return containersOf(pod).flatMap(([, { resources }]) =>
      problemsOf('Container', limit, resources?.requests, resources?.limits),
    )
  if (limit.type !== 'Pod') return []
  const main = containersOf(pod).filter(([entity]) => entity === 'container')
  return problemsOf(
    'Pod',
    limit,
    sum(main.map(([, { resources }]) => resources?.requests)),
    sum(main.map(([, { resources }]) => resources?.limits)),
  )
}

function sum(all: readonly (Quantities | undefined)[]): Quantities {
  const totals: Record<string, number> = {}
  for (const each of all)
    for (const [name, value] of Object.entries(each ?? {})) totals[name] = (totals[name] ?? 0) + quantityValue(value)
  return Object.fromEntries(Object.entries(totals).map(([name, value]) => [name, String(value)]))
}

function claimProblems(claim: NewObject, limit: Limit): string[] {
  if (limit.type !== 'PersistentVolumeClaim') return []
  const request = claim['spec']?.resources?.requests?.storage as string | undefined
  const problem = (
    word: 'maximum' | 'minimum',
    bound: string | undefined,
    breaks: (a: number, b: number) => boolean,
  ): string[] =>
    bound !== undefined && breaks(quantityValue(request), quantityValue(bound))
      ? [`${word} storage usage per PersistentVolumeClaim is ${bound}, but request is ${request}`]
      : []
  return [
    ...problem('minimum', limit.min?.['storage'], (a, b) => a < b),
    ...problem('maximum', limit.max?.['storage'], (a, b) => a > b),
  ]
}

function problemsOf(type: string, limit: Limit, requests: Quantities = {}, limits: Quantities = {}): string[] {
  const problems: string[] = []
  for (const [name, bound] of Object.entries(limit.min ?? {})) {
    const head = `minimum ${name} usage per ${type} is ${bound}`
    if (requests[name] === undefined) problems.push(`${head}.  No request is specified`)
    else if (quantityValue(requests[name]) < quantityValue(bound))
      problems.push(`${head}, but request is ${requests[name]}`)
    if (limits[name] !== undefined && quantityValue(limits[name]) < quantityValue(bound))
      problems.push(`${head}, but limit is ${limits[name]}`)
  }
  for (const [name, bound] of Object.entries(limit.max ?? {})) {
    const head = `maximum ${name} usage per ${type} is ${bound}`
    if (limits[name] === undefined) problems.push(`${head}.  No limit is specified`)
    else if (quantityValue(limits[name]) > quantityValue(bound)) problems.push(`${head}, but limit is ${limits[name]}`)
    else if (quantityValue(requests[name]) > quantityValue(bound))
      problems.push(`${head}, but request is ${requests[name]}`)
  }
  for (const [name, bound] of Object.entries(limit.maxLimitRequestRatio ?? {})) {
    const ratio = quantityValue(limits[name]) / quantityValue(requests[name])
    const head = `${name} max limit to request ratio per ${type} is ${bound}`
    if (limits[name] === undefined || requests[name] === undefined)
      problems.push(`${head}, but no request is specified or request is 0`)
    else if (ratio > quantityValue(bound)) problems.push(`${head}, but provided ratio is ${ratio.toFixed(6)}`)
  }
  return problems
}
