import { expect, test } from 'vitest'
import { withoutInnerPasteMarks, withoutPasteMarks } from './paste.ts'

test.each([
  ['plain', 'echo hi', 'echo hi'],
  ['an arrow key', '\u001B[A', '\u001B[A'],
  ["a paste in xterm's brackets", '\u001B[200~a\nb\u001B[201~', '\u001B[200~a\nb\u001B[201~'],
  ['a paste that ends itself', '\u001B[200~a\u001B[201~\rrm -rf ~\r\u001B[201~', '\u001B[200~a\rrm -rf ~\r\u001B[201~'],
  ['a piece with an end inside', 'a\u001B[201~b', 'ab'],
])('input: %s', (_, text, clean) => {
  expect(withoutInnerPasteMarks(Buffer.from(text)).toString()).toBe(clean)
})

test('a command never carries paste marks or C1 controls', () => {
  expect(withoutPasteMarks('a\u001B[201~\u009B201~b')).toBe('a201~b')
})
