export { collectionPath, connectApi, kubeconfigOf, type ApiClient, type Credentials } from './credentials.ts'
export { createPool, type ClusterPool } from './pool.ts'
export type { Cluster, ClusterNotice, ClusterProvider } from './provider.ts'
export { simulatedClusters } from './simulated/index.ts'
