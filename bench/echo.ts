import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { spawn } from 'node-pty'
import { WebSocket, WebSocketServer } from 'ws'
import { startLabwright } from '../test/support/labwright.ts'
import { LiveClient } from '../test/support/live-client.ts'
import { median, ratio, type Benchmark } from './measure.ts'

const keys = 150

/** One key at a time through bash's line editor: ours against a bare relay of node-pty and ws, in turns. */
export const echo: Benchmark = {
  name: 'echo',
  async run(runs) {
    const labwright = await startLabwright()
    const client = await LiveClient.login(labwright.link)
    const relay = await startRelay()
    try {
      const { id } = await client.startSession('service-mesh')
      await client.connect(id)
      const opened = client.next((message) => message.type === 'terminals' && message.terminals.length > 0)
      client.send({ type: 'open', name: 'echo', columns: 200, rows: 50 })
      const message = await opened
      const number = message.type === 'terminals' ? message.terminals.at(-1)!.number : 0
      const ours = keyboard(
        (text) => client.type(number, text),
        (heard) => client.onOutput(heard),
      )
      const bare = keyboard(relay.type, relay.onOutput)
      const times: number[] = []
      const reference: number[] = []
      for (let round = 0; round < runs; round++) {
        times.push(median(await ours(keys)))
        reference.push(median(await bare(keys)))
      }
      return [ratio('echo: keystroke p50', times, { name: 'bare node-pty + ws', runs: reference }, 1.5)]
    } finally {
      client.close()
      relay.close()
      await labwright[Symbol.asyncDispose]()
    }
  },
}

/** Types letters one by one, each when the one before was echoed, and measures each. */
function keyboard(
  type: (text: string) => void,
  onOutput: (heard: (bytes: Uint8Array) => void) => Disposable,
): (count: number) => Promise<number[]> {
  return async (count) => {
    let wanted = ''
    let resolve = (): void => undefined
    const listening = onOutput((bytes) => {
      if (wanted !== '' && Buffer.from(bytes).toString().includes(wanted)) resolve()
    })
    const times: number[] = []
    await new Promise((ready) => setTimeout(ready, 500))
    for (let index = 0; index < count; index++) {
      wanted = 'abcdefghijklmnopqrstuvwxyz'[index % 26]!
      const start = performance.now()
      const echoed = new Promise<void>((done) => (resolve = done))
      type(wanted)
      await echoed
      times.push(performance.now() - start)
      // As slow as a fast typist, or else the two ends would batch.
      await new Promise((next) => setTimeout(next, 5))
      if (index % 50 === 49) type('\u0015')
    }
    wanted = ''
    type('\u0015')
    listening[Symbol.dispose]()
    return times
  }
}

interface Relay {
  type: (text: string) => void
  onOutput: (heard: (bytes: Uint8Array) => void) => Disposable
  close(): void
}

/** The shortest thing that works: a pty behind a WebSocket, no window, no offsets, no replay. */
async function startRelay(): Promise<Relay> {
  const http = createServer()
  const server = new WebSocketServer({ server: http, perMessageDeflate: false })
  const pty = spawn('bash', ['--norc', '-i'], { name: 'xterm-256color', cols: 200, rows: 50, encoding: null })
  server.on('connection', (socket) => {
    pty.onData((data) => socket.send(data))
    socket.on('message', (data: Buffer) => pty.write(data.toString()))
  })
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  const socket = new WebSocket(`ws://127.0.0.1:${(http.address() as AddressInfo).port}`, { perMessageDeflate: false })
  await new Promise((resolve) => socket.once('open', resolve))
  return {
    type: (text) => socket.send(text),
    onOutput(heard) {
      const listener = (data: Buffer): void => heard(data)
      socket.on('message', listener)
      return { [Symbol.dispose]: () => void socket.off('message', listener) }
    },
    close() {
      socket.close()
      pty.kill('SIGKILL')
      server.close()
      http.close()
    },
  }
}
