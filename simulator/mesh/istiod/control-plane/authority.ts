import { generateKeyPairSync, X509Certificate } from 'node:crypto'
import { certificateExtension, der, keyIdentifier, signCertificate } from '../../../kubernetes/index.ts'

/** Ten years, as istiod's own root (CITADEL_SELF_SIGNED_CA_CERT_TTL). */
const rootLifetimeMilliseconds = 3650 * 24 * 3600 * 1000
const organization = '2.5.4.10'

/** The mesh's own certificate authority. */
export interface Authority {
  /** PEM. */
  rootCertificate: string
  /** PEM. */
  key: string
  /** End of the root's life, milliseconds since 1970. */
  expiresAt: number
}

/** A new self-signed root. */
export function createAuthority(trustDomain: string, now: number): Authority {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const name = [[organization, trustDomain]] as const
  const certificate = signCertificate({
    subject: { name, key: publicKey },
    issuer: { name, key: privateKey },
    from: now,
    to: now + rootLifetimeMilliseconds,
    extensions: [
      // keyCertSign only
      certificateExtension('2.5.29.15', true, der.bits(Buffer.from([0x04]), 2)),
      certificateExtension('2.5.29.19', true, der.sequence(der.boolean(true))),
      certificateExtension('2.5.29.14', false, der.octets(keyIdentifier(publicKey))),
    ],
  })
  return openAuthority({ certificate, key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() })
}

/** An authority that was kept. Throws when the text is no certificate. */
export function openAuthority({ certificate, key }: { certificate: string; key: string }): Authority {
  return { rootCertificate: certificate, key, expiresAt: Date.parse(new X509Certificate(certificate).validTo) }
}
