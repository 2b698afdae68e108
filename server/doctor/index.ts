import { examineEngine, type KindPlans } from './engine.ts'
import { examineEverywhere, type Places } from './everywhere.ts'
import type { Finding } from './finding.ts'
import type { Machine } from './machine.ts'

export type { Finding } from './finding.ts'
export { thisMachine, type Machine } from './machine.ts'

/** Looks at a machine: can Labwright run here, and (with `kind`) can it make that many real clusters. Changes nothing. */
export async function examine(machine: Machine, places: Places, kind?: KindPlans): Promise<Finding[]> {
  const everywhere = await examineEverywhere(machine, places)
  return kind === undefined ? everywhere : [...everywhere, ...(await examineEngine(machine, kind))]
}
