import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { writeBinary } from './write-binary.ts'

test.each([0, 1, 125, 126, 65_535, 65_536, 300_000])(
  'a message of %i bytes arrives whole, between those of ws',
  async (length) => {
    const server = new WebSocketServer({ noServer: true, perMessageDeflate: false })
    const payload = Buffer.alloc(length, 7)
    const http = createServer().on('upgrade', (request, socket, head) =>
      server.handleUpgrade(request, socket, head, (accepted) => {
        accepted.send('before')
        writeBinary(socket, payload)
        accepted.send('after')
      }),
    )
    http.listen(0, '127.0.0.1')
    await once(http, 'listening')
    const client = new WebSocket(`ws://127.0.0.1:${(http.address() as AddressInfo).port}`)
    const heard: [Buffer, boolean][] = []
    client.on('message', (data: Buffer, binary) => heard.push([data, binary]))
    try {
      await expect.poll(() => heard.length).toBe(3)
      expect(heard.map(([, binary]) => binary)).toEqual([false, true, false])
      expect(heard[1]![0].equals(payload)).toBe(true)
    } finally {
      client.terminate()
      http.close()
    }
  },
)
