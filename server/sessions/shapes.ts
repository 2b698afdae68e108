import { createHash } from 'node:crypto'
import type { Lab } from '../../protocol/lab.ts'
import { BARE, optionsFor, type KindClusterProvider, type Shape } from '../clusters/index.ts'
import { applySetup } from './setup.ts'

/** The shape of cluster that a lab's sessions claim. */
export type ShapeOf = (lab: Lab) => Shape

/** Where a cluster is made in an instant: what the lab sets up comes after the claim. */
export const emptyShape: ShapeOf = (lab) => {
  const options = optionsFor(lab)
  return options.istio === undefined ? BARE : { key: 'istio', options }
}

/** Where making one takes a while: spares hold the lab's images and its set-up already, and a reset leads back to that. */
export function preparedShape(provider: KindClusterProvider): ShapeOf {
  return (lab) => ({
    // Another version of the lab is another shape: its images and its set-up may differ.
    key: `lab${createHash('sha256').update(`${lab.id} ${lab.version}`).digest('hex').slice(0, 10)}`,
    options: { ...optionsFor(lab), images: lab.images },
    async prepare(cluster, signal, log = () => undefined) {
      await applySetup(lab, cluster.credentials('grader'), { log, signal })
      await provider.keep(cluster.id)
      // A container is a second of the claim, and knows nobody yet.
      await provider.createToolbox(cluster.id)
    },
  })
}
