import type { Headers } from '../../../kubernetes/index.ts'

/** What a server's proxy knows of a request when it decides; on a TCP port there is nothing of HTTP. */
export interface Subject {
  sourceIp: string
  /** The client's address by X-Forwarded-For, else the peer's. */
  remoteIp: string
  /** `cluster.local/ns/NS/sa/SA`; absent for plaintext. */
  principal?: string
  serverName?: string
  destinationIp: string
  /** Container port. */
  destinationPort: number
  http?: {
    method: string
    /** Without query, normalized. */
    path: string
    authority: string
    headers: Headers
  }
  /** Of a token that RequestAuthentication accepted. */
  jwt?: { principal: string; claims: Readonly<Record<string, unknown>> }
}
