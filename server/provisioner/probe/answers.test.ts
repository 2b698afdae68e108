import { expect, test } from 'vitest'
import { readAnswers } from './answers.ts'

const encoded = (text: string) => (text === '' ? '-' : Buffer.from(text).toString('base64'))
const failed = (code: number, message: string) => `1 ${code} 000 ${encoded(message)} - -`

test('counts, bodies and headers, the most frequent first', () => {
  const head = 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nX-A: 1\r\nx-a: 2\r\nEmpty:\r\n\r\n'
  const printed = `2 0 404 - - ${encoded('HTTP/1.1 404 Not Found\r\n\r\n')}\n3 0 200 - ${encoded('hello\n')} ${encoded(head)}\n`
  expect(readAnswers(printed)).toEqual([
    { count: 3, status: 200, body: 'hello\n', headers: { 'x-a': '1, 2', empty: '' } },
    { count: 2, status: 404, body: '', headers: {} },
  ])
})

test('nothing printed is no answer', () => {
  expect(readAnswers('')).toEqual([])
})

test.each<[number, string, string, string, string]>([
  [6, 'Could not resolve host: a', '', 'dns', 'Could not resolve host: a'],
  [7, 'Failed to connect', 'bash: connect: Connection refused', 'refused', 'Connection refused'],
  [7, 'Failed to connect', 'bash: connect: No route to host', 'unreachable', 'No route to host'],
  [7, 'Failed to connect', '', 'refused', 'Failed to connect'],
  [28, 'Operation timed out', '', 'timeout', 'Operation timed out'],
  [35, 'wrong version number', '', 'tls', 'wrong version number'],
  [35, 'Connection reset by peer', '', 'reset', 'Connection reset by peer'],
  [52, 'Empty reply from server', '', 'empty', 'Empty reply from server'],
  [56, 'Recv failure: Connection reset by peer', '', 'reset', 'Recv failure: Connection reset by peer'],
  [60, 'self-signed certificate', '', 'tls', 'self-signed certificate'],
  [3, '', '', 'unreachable', 'curl ended with exit code 3'],
])("curl's exit code %i (%s; %s) is %s", (code, message, refusal, kind, said) => {
  const line = refusal === '' ? '' : `refusal ${encoded(refusal)}\n`
  expect(readAnswers(`${failed(code, message)}\n${line}`)).toEqual([{ count: 1, failure: { kind, message: said } }])
})
