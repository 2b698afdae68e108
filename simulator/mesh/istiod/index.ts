import { istiodImage } from '../../programs/istiod.ts'
import { startControlPlane } from './control-plane/index.ts'

export * from './control-plane/index.ts'
export * from './inject/index.ts'
export * from './install/index.ts'
export * from './validate/index.ts'

/** What the container image istio/pilot does. */
export const istiod = istiodImage(startControlPlane)
