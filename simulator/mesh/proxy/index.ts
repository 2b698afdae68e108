export { ProxyMesh, type MeshParts } from './mesh.ts'
