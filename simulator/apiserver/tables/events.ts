import type { Tree } from '../../schema/tree.ts'
import { since } from './format.ts'

/** Both event APIs in one shape: that of core/v1. */
function coreShape(event: Tree): Tree {
  if (!event.apiVersion?.startsWith('events.k8s.io')) return event
  return {
    ...event,
    involvedObject: event.regarding,
    message: event.note,
    source: event.deprecatedSource,
    firstTimestamp: event.deprecatedFirstTimestamp,
    lastTimestamp: event.deprecatedLastTimestamp,
    count: event.deprecatedCount,
    reportingComponent: event.reportingController,
  }
}

function sourceText({ source, reportingComponent, reportingInstance }: Tree): string {
  const component = source?.component || reportingComponent || ''
  const host = source?.component ? source.host : reportingInstance
  return host ? `${component}, ${host}` : component
}

function eventCells(object: Tree, now: number): unknown[] {
  const event = coreShape(object)
  const target = event.involvedObject ?? {}
  const first = since(event.firstTimestamp || event.eventTime, now)
  const last = event.lastTimestamp ? since(event.lastTimestamp, now) : first
  return [
    event.series ? since(event.series.lastObservedTime, now) : last,
    event.type ?? '',
    event.reason ?? '',
    target.name ? `${(target.kind ?? '').toLowerCase()}/${target.name}` : (target.kind ?? '').toLowerCase(),
    target.fieldPath ?? '',
    sourceText(event),
    (event.message ?? '').trim(),
    first,
    event.series?.count ?? (event.count || 1),
    event.metadata.name,
  ]
}

export const eventRows = {
  '/v1/events': eventCells,
  'events.k8s.io/v1/events': eventCells,
}
