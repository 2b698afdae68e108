import { X509Certificate } from 'node:crypto'
import { expect, test } from 'vitest'
import { createAuthority, openAuthority } from './authority.ts'

const now = Date.UTC(2026, 10, 24)

test('the root signs itself and lives ten years', () => {
  const root = new X509Certificate(createAuthority('cluster.local', now).rootCertificate)
  expect(root.ca).toBe(true)
  expect(root.verify(root.publicKey)).toBe(true)
  expect(root.subject).toBe('O=cluster.local')
  expect(new Date(root.validTo).getUTCFullYear()).toBe(2036)
})

test('a workload certificate carries its SPIFFE identity and is signed by the root', () => {
  const made = createAuthority('cluster.local', now)
  const kept = openAuthority({ certificate: made.rootCertificate, key: made.key })
  const issued = kept.issue('cluster.local/ns/shop/sa/web', now)
  const certificate = new X509Certificate(issued.certificate)
  expect(certificate.subjectAltName).toBe('URI:spiffe://cluster.local/ns/shop/sa/web')
  expect(certificate.checkIssued(new X509Certificate(kept.rootCertificate))).toBe(true)
  expect(certificate.verify(new X509Certificate(kept.rootCertificate).publicKey)).toBe(true)
  expect(Date.parse(certificate.validTo) - now).toBe(24 * 3600 * 1000)
})
