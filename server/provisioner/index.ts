export { defaultNodeImage } from './docker/kind-config.ts'
