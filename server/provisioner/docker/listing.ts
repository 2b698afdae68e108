import type { OwnedObject } from '../engine.ts'

export const KIND_LABEL = 'io.x-k8s.kind.cluster'
export const INSTALLATION_LABEL = 'labwright.installation'
export const CLUSTER_LABEL = 'labwright.cluster'
export const INTENT_LABEL = 'labwright.intent'
export const SESSION_LABEL = 'labwright.session'

/** A line of `docker ps --format '{{json .}}'` or `docker network ls --format '{{json .}}'`. */
interface Line {
  ID: string
  Names?: string
  Name?: string
  Labels: string
  State?: string
  /** `2026-11-24 10:21:12.282 +0000 UTC` */
  CreatedAt: string
}

/** What belongs to clusters of this installation among the lines of a listing. */
export function ownedOf(listing: string, kind: 'container' | 'network', installation: string): OwnedObject[] {
  return linesOf(listing).flatMap((line) => {
    const labels = labelsOf(line.Labels)
    const kindCluster = labels[KIND_LABEL]
    const cluster = kindCluster ?? labels[CLUSTER_LABEL]
    if (cluster === undefined || !cluster.startsWith(`lw-${installation}-`)) return []
    return [
      {
        kind: kind === 'network' ? 'network' : kindCluster === undefined ? 'container' : 'node',
        name: line.Names ?? line.Name ?? line.ID,
        cluster,
        createdAt: timeOf(line.CreatedAt),
        state: stateOf(line.State ?? 'running'),
      },
    ]
  })
}

function linesOf(listing: string): Line[] {
  return listing
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => JSON.parse(line) as Line)
}

function labelsOf(text: string): Record<string, string> {
  return Object.fromEntries(
    text.split(',').map((pair) => {
      const [name = '', ...value] = pair.split('=')
      return [name, value.join('=')]
    }),
  )
}

/** Without the zone's name, which stands behind its offset and is not read by every parser. An unknown time is a very old one. */
function timeOf(text: string): number {
  const time = Date.parse(text.replace(/ [A-Z]+$/, '').replace(/^(\S+) (\S+) ([+-]\d\d)(\d\d)$/, '$1T$2$3:$4'))
  return Number.isNaN(time) ? 0 : time
}

function stateOf(state: string): OwnedObject['state'] {
  return state === 'running' || state === 'paused' ? state : 'stopped'
}
