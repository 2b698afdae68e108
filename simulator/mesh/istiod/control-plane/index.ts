export { createAuthority, openAuthority, type Authority, type CertificatePair } from './authority.ts'
export { startControlPlane } from './start.ts'
