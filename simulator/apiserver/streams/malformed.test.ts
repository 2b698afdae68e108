import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { connect, type AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { connectProcess } from './process-streams.ts'

const wanted = { stdin: true, stdout: true, stderr: true, tty: true }
/** SPDY's frame of type 1 with 18 bytes that are no zlib where the headers should be. */
const brokenSynStream = Buffer.concat([Buffer.from('8003000100000012', 'hex'), Buffer.alloc(18, 0xab)])
const upgradeRequest = 'GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n\r\n'

let server: Server
const port = (): number => (server.address() as AddressInfo).port
beforeEach(async () => {
  const webSockets = new WebSocketServer({ noServer: true })
  server = createServer().listen(0, '127.0.0.1')
  server.on('upgrade', (request, socket, head) => {
    if (request.headers.upgrade !== 'websocket')
      return void connectProcess({ kind: 'spdy', socket, head, protocol: 'v4' }, wanted)
    webSockets.handleUpgrade(
      request,
      socket,
      head,
      (accepted) => void connectProcess({ kind: 'websocket', socket: accepted, protocol: 'v4' }, wanted),
    )
  })
  await once(server, 'listening')
})
afterEach(() => void server.close())

describe('a client that breaks the protocol is cut off, and the process goes on', () => {
  it.each(['no JSON', 'null', '{"Width":"wide","Height":1}'])('a WebSocket with the size %s', async (size) => {
    const client = new WebSocket(`ws://127.0.0.1:${port()}`)
    await once(client, 'open')
    client.send(`\u0004${size}`)
    const [code] = await once(client, 'close')
    expect(code).toBe(1006)
  })

  it('a SPDY stream whose headers are no zlib', async () => {
    const client = connect(port(), '127.0.0.1')
    client.write(upgradeRequest)
    client.write(brokenSynStream)
    await once(client, 'close')
  })
})
