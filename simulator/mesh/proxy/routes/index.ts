export { cors } from './cors.ts'
export { changeHeaders, changeRequest } from './header-operations.ts'
export { incoming, type Incoming } from './incoming.ts'
export { redirectLocation, rewriteRequest } from './rewrite.ts'
export {
  DEFAULT_RETRIES,
  plainRoute,
  type CompiledMatch,
  type HttpRoute,
  type RetryPolicy,
  type Target,
} from './route.ts'
export { compileVirtualServices, findRoute, virtualServicesOf, type VirtualService } from './virtual-service.ts'
