export { startControlPlane } from './start.ts'
