import { randomBytes } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { generateKeyPair, issueCertificate } from './certificate.ts'

/** Secrets of one cluster as they are kept on disk; with them it comes back as the same cluster. */
export interface Credentials {
  /** PEM. */
  authority: { certificate: string; key: string }
  server: { certificate: string; key: string }
  /** Signs service account tokens. */
  accountKey: string
  tokens: { learner: string; grader: string }
}

const AUTHORITY_NAME = 'kubernetes'
const dnsNames = [
  'localhost',
  'kubernetes',
  'kubernetes.default',
  'kubernetes.default.svc',
  'kubernetes.default.svc.cluster.local',
]
const ips = ['127.0.0.1', '10.96.0.1']

const privatePem = (key: KeyObject): string => key.export({ type: 'pkcs8', format: 'pem' }).toString()

export function createCredentials(now: number): Credentials {
  const authority = generateKeyPair()
  const issuer = { commonName: AUTHORITY_NAME, keys: authority }
  const server = generateKeyPair()
  return {
    authority: {
      certificate: issueCertificate(
        { commonName: AUTHORITY_NAME, usage: 'authority', now },
        authority.publicKey,
        issuer,
      ),
      key: privatePem(authority.privateKey),
    },
    server: {
      certificate: issueCertificate(
        { commonName: 'kube-apiserver', dnsNames, ips, usage: 'server', now },
        server.publicKey,
        issuer,
      ),
      key: privatePem(server.privateKey),
    },
    accountKey: privatePem(generateKeyPair().privateKey),
    tokens: { learner: randomBytes(24).toString('hex'), grader: randomBytes(24).toString('hex') },
  }
}
