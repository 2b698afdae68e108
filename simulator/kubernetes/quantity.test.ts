import { expect, test } from 'vitest'
import { quantityValue } from './quantity.ts'

test.each([
  ['100m', 0.1],
  ['2', 2],
  ['64Mi', 67108864],
  ['1.5Gi', 1610612736],
  ['1e3', 1000],
  ['128M', 128e6],
  ['x', 0],
  [undefined, 0],
])('quantity %s is %d', (text, value) => {
  expect(quantityValue(text)).toBeCloseTo(value)
})
