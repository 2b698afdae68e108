import type { webcrypto } from 'node:crypto'
import type { X509Certificate } from '@peculiar/x509'
import { loadX509 } from './x509.ts'

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const
const YEAR_MILLISECONDS = 365 * 24 * 60 * 60 * 1000

/** As text in PEM: what is kept in the data folder, readable by this user alone. */
export interface Pair {
  certificate: string
  key: string
}

async function pem(certificate: X509Certificate, key: webcrypto.CryptoKey): Promise<Pair> {
  const x509 = await loadX509()
  const raw = await crypto.subtle.exportKey('pkcs8', key)
  return { certificate: certificate.toString('pem'), key: x509.PemConverter.encode(raw, 'PRIVATE KEY') }
}

const validity = () => ({
  notBefore: new Date(Date.now() - 24 * 60 * 60 * 1000),
  notAfter: new Date(Date.now() + 2 * YEAR_MILLISECONDS),
})

/** Makes the authority that only the shells of labs trust, and only for mirrored hosts. */
export async function createAuthority(): Promise<Pair> {
  const x509 = await loadX509()
  const keys = await crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: '01',
    name: 'CN=Labwright mirror of downloads',
    ...validity(),
    signingAlgorithm: ALGORITHM,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  })
  return pem(certificate, keys.privateKey)
}

/** A certificate for one mirrored host. */
export async function certificateFor(host: string, authority: Pair): Promise<Pair> {
  const x509 = await loadX509()
  const issuer = new x509.X509Certificate(authority.certificate)
  const raw = x509.PemConverter.decodeFirst(authority.key)
  const signingKey = await crypto.subtle.importKey('pkcs8', raw, ALGORITHM, false, ['sign'])
  const keys = await crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: Buffer.from(crypto.getRandomValues(new Uint8Array(8))).toString('hex'),
    subject: `CN=${host}`,
    issuer: issuer.subject,
    ...validity(),
    signingAlgorithm: ALGORITHM,
    publicKey: keys.publicKey,
    signingKey,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension([{ type: 'dns', value: host }]),
      await x509.AuthorityKeyIdentifierExtension.create(issuer.publicKey),
    ],
  })
  return pem(certificate, keys.privateKey)
}
