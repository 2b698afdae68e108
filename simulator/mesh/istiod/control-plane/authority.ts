import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  randomBytes,
  sign,
  X509Certificate,
  type KeyObject,
} from 'node:crypto'
import { bits, boolean, implicit, integer, octets, oid, sequence, set, tagged, text, time } from './der.ts'

/** Ten years, as istiod's own root (CITADEL_SELF_SIGNED_CA_CERT_TTL). */
const rootLifetimeMilliseconds = 3650 * 24 * 3600 * 1000
/** A workload's certificate lives a day (SECRET_TTL). */
export const workloadLifetimeMilliseconds = 24 * 3600 * 1000

const ecdsaWithSha256 = '1.2.840.10045.4.3.2'

export interface CertificatePair {
  certificate: string
  key: string
}

/** The mesh's own certificate authority. */
export interface Authority {
  /** PEM. */
  rootCertificate: string
  key: string
  /** End of the root's life, milliseconds since 1970. */
  expiresAt: number
  /** A certificate for a SPIFFE identity, signed by the root. */
  issue(identity: string, now: number, lifetimeMilliseconds?: number): CertificatePair
}

/** A new self-signed root. */
export function createAuthority(trustDomain: string, now: number): Authority {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const certificate = build({
    subject: [['2.5.4.10', trustDomain]],
    issuer: [['2.5.4.10', trustDomain]],
    publicKey,
    signingKey: privateKey,
    from: now,
    to: now + rootLifetimeMilliseconds,
    extensions: [
      // keyCertSign only
      extension('2.5.29.15', true, bits(Buffer.from([0x04]), 2)),
      extension('2.5.29.19', true, sequence(boolean(true))),
      extension('2.5.29.14', false, octets(keyId(publicKey))),
    ],
  })
  return openAuthority({ certificate, key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() })
}

/** An authority that was kept. Throws when the texts are not a certificate and its key. */
export function openAuthority(pair: CertificatePair): Authority {
  const root = new X509Certificate(pair.certificate)
  const signingKey = createPrivateKey(pair.key)
  const trustDomain = /O=(.*)/.exec(root.subject)?.[1] ?? 'cluster.local'
  return {
    rootCertificate: pair.certificate,
    key: pair.key,
    expiresAt: Date.parse(root.validTo),
    issue(identity, now, lifetimeMilliseconds = workloadLifetimeMilliseconds) {
      const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
      const certificate = build({
        subject: [],
        issuer: [['2.5.4.10', trustDomain]],
        publicKey,
        signingKey,
        // Two minutes back, for clocks that differ.
        from: now - 120_000,
        to: now + lifetimeMilliseconds,
        extensions: [
          extension('2.5.29.15', true, bits(Buffer.from([0xa0]), 5)),
          extension('2.5.29.37', false, sequence(oid('1.3.6.1.5.5.7.3.1'), oid('1.3.6.1.5.5.7.3.2'))),
          extension('2.5.29.19', true, sequence()),
          extension('2.5.29.35', false, sequence(implicit(0, keyId(createPublicKey(signingKey))))),
          extension('2.5.29.17', true, sequence(implicit(6, Buffer.from(`spiffe://${identity}`)))),
        ],
      })
      return { certificate, key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() }
    },
  }
}

interface CertificateParts {
  subject: [type: string, value: string][]
  issuer: [type: string, value: string][]
  publicKey: KeyObject
  signingKey: KeyObject
  from: number
  to: number
  extensions: Buffer[]
}

function build({ subject, issuer, publicKey, signingKey, from, to, extensions }: CertificateParts): string {
  const name = (parts: [string, string][]): Buffer =>
    sequence(...parts.map(([type, value]) => set(sequence(oid(type), text(value)))))
  const algorithm = sequence(oid(ecdsaWithSha256))
  const body = sequence(
    tagged(0, integer(Buffer.from([2]))),
    integer(randomBytes(16)),
    algorithm,
    name(issuer),
    sequence(time(from), time(to)),
    name(subject),
    publicKey.export({ type: 'spki', format: 'der' }),
    tagged(3, sequence(...extensions)),
  )
  const signature = sign('sha256', body, signingKey)
  const der = sequence(body, algorithm, bits(signature))
  const lines = der.toString('base64').match(/.{1,64}/g) ?? []
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`
}

function extension(id: string, critical: boolean, value: Buffer): Buffer {
  return critical ? sequence(oid(id), boolean(true), octets(value)) : sequence(oid(id), octets(value))
}

function keyId(publicKey: KeyObject): Buffer {
  return createHash('sha1')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest()
}
