import { expect, test } from 'vitest'
import { OutputRing } from './ring.ts'

test('bytes are found by their offset in the whole output', () => {
  const ring = new OutputRing(8)
  ring.append(Buffer.from('abcdef'))
  expect([ring.start, ring.end]).toEqual([0, 6])
  expect(ring.read(2, 100).toString()).toBe('cdef')
  expect(ring.read(2, 2).toString()).toBe('cd')
  expect(ring.read(6, 100).toString()).toBe('')
})

test('the oldest bytes give way, across the seam', () => {
  const ring = new OutputRing(8)
  for (const part of ['abcde', 'fghij', 'kl']) ring.append(Buffer.from(part))
  expect([ring.start, ring.end]).toEqual([4, 12])
  expect(ring.read(4, 100).toString()).toBe('efghijkl')
  expect(() => ring.read(3, 1)).toThrow('offset 3 is gone')
})

test('a chunk larger than the ring leaves its tail', () => {
  const ring = new OutputRing(4)
  ring.append(Buffer.from('xy'))
  ring.append(Buffer.from('0123456789'))
  expect([ring.start, ring.end]).toEqual([8, 12])
  expect(ring.read(8, 4).toString()).toBe('6789')
})
