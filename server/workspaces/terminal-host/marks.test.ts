import { expect, test } from 'vitest'
import { type Mark, MarkScanner } from './marks.ts'

const ready: Mark = { kind: 'ready' }
const cases: [string, string, Mark[]][] = [
  ['plain text', 'hello\r\n', []],
  ['a started command, ended by BEL', 'x\u001B]133;C\u0007y', [{ kind: 'started' }]],
  ['an exit code, ended by ST', '\u001B]133;D;130\u001B\\', [{ kind: 'ended', exitCode: 130 }]],
  ['an end without a code', '\u001B]133;D\u0007', [{ kind: 'ended' }]],
  [
    'bracketed paste on and off',
    '\u001B[?2004h\u001B[?2004l',
    [
      { kind: 'bracketed', on: true },
      { kind: 'bracketed', on: false },
    ],
  ],
  ['colours and other modes between', '\u001B[1;32m\u001B[?25h\u001B]0;title\u0007\u001B]133;B\u0007', [ready]],
  ['an escape that begins another', '\u001B\u001B]133;B\u0007', [ready]],
  ['an endless title', `\u001B]0;${'x'.repeat(5000)}\u0007\u001B]133;B\u0007`, [ready]],
  ['a charset switch', '\u001B(B\u001B]133;B\u0007', [ready]],
]

test.each(cases)('%s', (_, text, marks) => {
  expect(new MarkScanner().scan(Buffer.from(text))).toEqual(marks)
})

test.each(cases)('%s, cut after every byte', (_, text, marks) => {
  const scanner = new MarkScanner()
  expect([...Buffer.from(text)].flatMap((byte) => scanner.scan(Buffer.from([byte])))).toEqual(marks)
})
