import { apiVersionOf, type KubeObject, type NewObject } from '../kubernetes/index.ts'
import type { ServedResource } from '../schema/index.ts'
import { jsonOf } from '../storage/index.ts'

/**
 * Objects are stored in one version of their resource and served in all. Custom resources differ in name only; HorizontalPodAutoscaler
 * and Event have fields of other names in their other version.
 */
export function toServed(resource: ServedResource, object: KubeObject): KubeObject {
  const apiVersion = apiVersionOf(resource)
  if (object.apiVersion === apiVersion) return object
  const convert = conversions[`${object.apiVersion} ${object.kind} to ${apiVersion}`]
  return { ...(convert ? (convert(object) as KubeObject) : object), apiVersion }
}

/** The way back. */
export function toStored(stored: ServedResource, object: NewObject): NewObject {
  const apiVersion = apiVersionOf(stored)
  if (object.apiVersion === apiVersion) return object
  const convert = conversions[`${object.apiVersion} ${object.kind} to ${apiVersion}`]
  return { ...(convert ? convert(object) : object), apiVersion }
}

/** JSON of an object in the version that is asked for. */
export function servedJson(resource: ServedResource, object: KubeObject): string {
  return jsonOf(toServed(resource, object))
}

type Convert = (object: NewObject) => NewObject

function renamed(object: NewObject, names: readonly (readonly [string, string])[]): NewObject {
  const { apiVersion, kind, metadata, ...rest } = object
  const result: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(rest)) result[names.find(([from]) => from === key)?.[1] ?? key] = value
  return { apiVersion, kind, metadata, ...result }
}

const eventNames = [
  ['involvedObject', 'regarding'],
  ['message', 'note'],
  ['reportingComponent', 'reportingController'],
  ['source', 'deprecatedSource'],
  ['firstTimestamp', 'deprecatedFirstTimestamp'],
  ['lastTimestamp', 'deprecatedLastTimestamp'],
  ['count', 'deprecatedCount'],
] as const

interface Metric {
  type: string
  resource?: { name: string; target: { type: string; averageUtilization?: number } }
}

function scalerToV1(scaler: NewObject): NewObject {
  const { metrics = [], behavior: _, ...spec } = scaler['spec'] as { metrics?: Metric[]; behavior?: unknown }
  const cpu = metrics.find(({ type, resource }) => type === 'Resource' && resource?.name === 'cpu')
  const percentage = cpu?.resource?.target.averageUtilization
  const {
    currentMetrics = [],
    conditions: __,
    ...status
  } = (scaler['status'] ?? {}) as { currentMetrics?: unknown; conditions?: unknown }
  const current = (
    (currentMetrics ?? []) as { resource?: { name: string; current: { averageUtilization?: number } } }[]
  ).find(({ resource }) => resource?.name === 'cpu')?.resource?.current.averageUtilization
  return {
    ...scaler,
    spec: { ...spec, ...(percentage !== undefined && { targetCPUUtilizationPercentage: percentage }) },
    status: {
      currentReplicas: 0,
      ...status,
      ...(current !== undefined && { currentCPUUtilizationPercentage: current }),
    },
  }
}

function scalerToV2(scaler: NewObject): NewObject {
  const { targetCPUUtilizationPercentage, ...spec } = (scaler['spec'] ?? {}) as {
    targetCPUUtilizationPercentage?: number
  }
  const { currentCPUUtilizationPercentage: _, ...status } = (scaler['status'] ?? {}) as Record<string, unknown>
  const target = { type: 'Utilization', averageUtilization: targetCPUUtilizationPercentage }
  const metrics =
    targetCPUUtilizationPercentage === undefined ? [] : [{ type: 'Resource', resource: { name: 'cpu', target } }]
  return { ...scaler, spec: { ...spec, ...(metrics.length > 0 && { metrics }) }, status }
}

const conversions: Record<string, Convert> = {
  'v1 Event to events.k8s.io/v1': (event) => renamed(event, eventNames),
  'events.k8s.io/v1 Event to v1': (event) => {
    const core = renamed(
      event,
      eventNames.map(([to, from]) => [from, to] as const),
    )
    const involved = (core['involvedObject'] ?? {}) as Record<string, unknown>
    return { ...core, involvedObject: { namespace: core.metadata.namespace, ...involved } }
  },
  'autoscaling/v2 HorizontalPodAutoscaler to autoscaling/v1': scalerToV1,
  'autoscaling/v1 HorizontalPodAutoscaler to autoscaling/v2': scalerToV2,
}
