import { PassThrough, type Duplex } from 'node:stream'
import { expect, test } from 'vitest'
import { redis } from './redis.ts'
import type { ProgramContext } from './program.ts'

/** The program on a connection of the test's own. */
function started(args: string[] = []) {
  const stop = new AbortController()
  const opened: { port: number; handler: (connection: Duplex) => void }[] = []
  const listenTcp = (port: number, handler: (connection: Duplex) => void): Disposable => {
    opened.push({ port, handler })
    return { [Symbol.dispose]: () => void opened.pop() }
  }
  const ended = redis.program({
    command: [],
    args,
    signal: stop.signal,
    log: () => {},
    listenTcp,
  } as unknown as ProgramContext)
  const ask = async (text: string): Promise<string> => {
    const [input, output] = [new PassThrough(), new PassThrough()]
    opened[0]!.handler(Object.assign(input, { write: output.write.bind(output), end: output.end.bind(output) }))
    input.push(text)
    input.push(null)
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)))
    return String(output.read() ?? '')
  }
  return { ask, ended, port: () => opened[0]?.port, stop: () => stop.abort() }
}

test.each([
  ['PING\r\n', '+PONG\r\n'],
  ['*1\r\n$4\r\nPING\r\n', '+PONG\r\n'],
  ['*3\r\n$3\r\nSET\r\n$1\r\na\r\n$1\r\n1\r\nGET a\r\nINCR a\r\n', '+OK\r\n$1\r\n1\r\n:2\r\n'],
  ['GET none\r\n', '$-1\r\n'],
  ['FLY\r\n', "-ERR unknown command 'FLY', with args beginning with: \r\n"],
])('%j is answered %j', async (asked, answer) => {
  const server = started()
  expect(await server.ask(asked)).toBe(answer)
  server.stop()
  expect(await server.ended).toBe(0)
})

test('listens on 6379, or where --port says', () => {
  expect(started().port()).toBe(6379)
  expect(started(['redis-server', '--port', '7000']).port()).toBe(7000)
})
