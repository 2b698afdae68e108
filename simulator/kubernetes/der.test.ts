import { expect, test } from 'vitest'
import { integer } from './der.ts'

// X.690, 8.3.2: the first nine bits are neither all zeros nor all ones. OpenSSL refuses a certificate whose serial number is longer.
test.each([
  ['7f', '02017f'],
  ['80', '02020080'],
  ['0001', '020101'],
  ['0080', '02020080'],
  ['00000000', '020100'],
  ['0102', '02020102'],
])('the number %s is %s', (bytes, der) => expect(integer(Buffer.from(bytes, 'hex')).toString('hex')).toBe(der))
