/** Which row belongs to which resource. */
import type { Tree } from '../../schema/tree.ts'
import { clusterRows } from './cluster-rows.ts'
import { eventRows } from './events.ts'
import { networkRows } from './network-rows.ts'
import { podCells } from './pods.ts'
import { workloadRows } from './workload-rows.ts'

const rows: Record<string, (object: Tree, now: number) => unknown[]> = {
  '/v1/pods': podCells,
  ...workloadRows,
  ...networkRows,
  ...eventRows,
  ...clusterRows,
}

/** The cells of one object of the built-in resource `group/version/plural`. */
export function cells(name: string, object: Tree, now: number): unknown[] {
  return rows[name]?.(object, now) ?? [object.metadata.name, object.metadata.creationTimestamp]
}
