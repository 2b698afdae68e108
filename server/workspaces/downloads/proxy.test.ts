import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import { connect, type AddressInfo, type Socket } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { connect as connectTls } from 'node:tls'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { startDownloads } from './index.ts'

const SECRET = 'secret'
let folder: string
let downloads: Awaited<ReturnType<typeof startDownloads>>
beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'labwright-downloads-'))
  downloads = await startDownloads(folder, {
    site: (url) => ({ status: 200, headers: {}, body: `mirror of ${url.href}` }),
  })
  downloads.proxy.allow('ada', { secret: SECRET, mirrors: [{ url: 'https://site.test/', mirror: 'site' }] })
})
afterEach(async () => {
  await downloads.proxy.close()
  await rm(folder, { recursive: true })
})

/** Asks for a tunnel; what the proxy answered first, and the way behind it. */
async function tunnel(target: string): Promise<{ answer: string; socket: Socket }> {
  const socket = connect(downloads.port, '127.0.0.1')
  const credentials = Buffer.from(`ada:${SECRET}`).toString('base64')
  socket.write(`CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\nProxy-Authorization: Basic ${credentials}\r\n\r\n`)
  const [chunk] = (await once(socket, 'data')) as [Buffer]
  return { answer: chunk.toString().split('\r\n')[0]!, socket }
}

describe('a tunnel', () => {
  test.each(['127.0.0.1:99999', '127.0.0.1:0', '127.0.0.1:123456', '127.0.0.1', 'nowhere', '[::1', ':443'])(
    'to %s is refused, and the next one is served',
    async (target) => {
      expect((await tunnel(target)).answer).toMatch(/^HTTP\/1.1 (502|400)/)
      expect((await tunnel('site.test:443')).answer).toBe('HTTP/1.1 200 Connection established')
    },
  )
})

describe('inside the tunnel to a mirrored site', () => {
  const ask = async (target: string): Promise<string> => {
    const { socket } = await tunnel('site.test:443')
    const tls = connectTls({ socket, servername: 'site.test', ca: downloads.certificate })
    tls.write(`GET ${target} HTTP/1.1\r\nHost: site.test\r\nConnection: close\r\n\r\n`)
    let said = ''
    for await (const chunk of tls) said += String(chunk)
    return said
  }

  test('the mirror answers', async () => {
    expect(await ask('/a?b=c')).toContain('mirror of https://site.test/a?b=c')
    expect(await ask('https://site.test/d')).toContain('mirror of https://site.test/d')
  })

  test('no other site is reached, however it is named', async () => {
    let asked = 0
    const inner = createServer((_, response) => {
      asked += 1
      response.end('internal')
    }).listen(0, '127.0.0.1')
    await once(inner, 'listening')
    const { port } = inner.address() as AddressInfo
    for (const target of [
      `http://127.0.0.1:${port}/`,
      `//127.0.0.1:${port}/`,
      `https://site.test:${port}/`,
      'http://[',
    ]) {
      const said = await ask(target)
      expect(said, target).toMatch(/^HTTP\/1.1 400/)
    }
    expect(asked).toBe(0)
    inner.close()
  })
})
