import { createHash, randomBytes, sign, type KeyObject } from 'node:crypto'
import { bits, boolean, context, integer, octets, oid, pem, sequence, set, time, utf8 } from './der.ts'

/** X.509 certificates, signed with ECDSA on P-256. */

const ecdsaWithSha256 = sequence(oid('1.2.840.10045.4.3.2'))

/** Attributes of a distinguished name by their object identifiers: `['2.5.4.10', 'cluster.local']` is the organization. */
export type Attributes = readonly (readonly [type: string, value: string])[]

export interface CertificateParts {
  subject: { name: Attributes; key: KeyObject }
  issuer: { name: Attributes; key: KeyObject }
  extensions: readonly Buffer[]
  /** Validity, milliseconds since 1970. */
  from: number
  to: number
}

export function certificateExtension(id: string, critical: boolean, value: Buffer): Buffer {
  return sequence(oid(id), ...(critical ? [boolean(true)] : []), octets(value))
}

/** SHA-1 of the public key: the usual key identifier (RFC 5280, 4.2.1.2). */
export function keyIdentifier(publicKey: KeyObject): Buffer {
  return createHash('sha1')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest()
}

const nameOf = (attributes: Attributes): Buffer =>
  sequence(...attributes.map(([type, value]) => set(sequence(oid(type), utf8(value)))))

/** A certificate in PEM for the subject's public key, signed with the issuer's private key. */
export function signCertificate({ subject, issuer, extensions, from, to }: CertificateParts): string {
  const toBeSigned = sequence(
    context(0, integer(Buffer.from([2]))),
    integer(randomBytes(16)),
    ecdsaWithSha256,
    nameOf(issuer.name),
    sequence(time(from), time(to)),
    nameOf(subject.name),
    subject.key.export({ type: 'spki', format: 'der' }),
    context(3, sequence(...extensions)),
  )
  const signature = sign('sha256', toBeSigned, issuer.key)
  return pem('CERTIFICATE', sequence(toBeSigned, ecdsaWithSha256, bits(signature)))
}
