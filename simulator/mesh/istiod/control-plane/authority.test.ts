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

test('a root that was kept ends when it did', () => {
  const made = createAuthority('cluster.local', now)
  expect(openAuthority({ certificate: made.rootCertificate, key: made.key })).toEqual(made)
})
