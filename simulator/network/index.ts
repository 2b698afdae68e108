export type { Network, NetworkOptions, PodNetwork, ServiceReference } from './contract.ts'
export { createNetwork } from './network.ts'
export { ServiceCallError } from './webhook.ts'
