export { apiServerPort, nodeAddress } from './addresses.ts'
export type { Network, PodNetwork } from './contract.ts'
export { createNetwork } from './network.ts'
