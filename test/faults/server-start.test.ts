import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Browser, makeGround, Serve } from './support/serve.ts'

let ground: Awaited<ReturnType<typeof makeGround>>
const started: Serve[] = []
beforeEach(async () => {
  ground = await makeGround()
})
afterEach(async () => {
  for (const server of started.splice(0)) await server.stop('SIGKILL')
  await ground.remove()
})

function serve(args: string[], environment?: Record<string, string>): Serve {
  const server = new Serve(args, environment)
  started.push(server)
  return server
}
const oneSentence = (code: string, words: RegExp) =>
  expect.stringMatching(new RegExp(`^labwright: [^\n]*${words.source}[^\n]*\\[${code}\\]\n$`))

describe('a start that cannot be is one sentence with a code, and what to do', () => {
  test('a port in use', async () => {
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    const { port } = other.address() as { port: number }
    const server = serve([...ground.args, '--port', String(port)])
    expect(await server.ended()).toBe(1)
    expect(server.errors).toEqual(oneSentence('PORT_IN_USE', new RegExp(`Port ${port} .*--port ${port + 1}`)))
    other.close()
  })

  test('a home that cannot be written', async () => {
    const server = serve(['--port', '0'], { HOME: '/dev/null' })
    expect(await server.ended()).toBe(1)
    expect(server.errors).toEqual(
      oneSentence('DATA_FOLDER_UNUSABLE', /cannot write .*\/dev\/null\/\.labwright.*not a folder.*--data DIR/),
    )
  })

  test('another address than loopback without bubblewrap', async () => {
    const server = serve([...ground.args, '--host', '0.0.0.0'], { PATH: '/nowhere' })
    expect(await server.ended()).toBe(1)
    expect(server.errors).toEqual(oneSentence('HOST_NEEDS_SANDBOX', /Install bubblewrap/))
  })

  test('another address than loopback where bubblewrap starts but gives shells no /proc, as in many containers', async () => {
    const bwrap = path.join(ground.folder, 'bwrap')
    const script = `#!/bin/sh
for word; do case $word in --proc) echo "bwrap: Can't mount proc on /newroot/proc" >&2; exit 1 ;; esac; done
`
    await writeFile(bwrap, script, { mode: 0o755 })
    const server = serve([...ground.args, '--host', '0.0.0.0'], { PATH: ground.folder })
    expect(await Promise.race([server.ended(), server.link()])).toBe(1)
    expect(server.errors).toEqual(oneSentence('HOST_NEEDS_SANDBOX', /bwrap: Can't mount proc/))
  })

  test.each([
    [['--port', 'seven'], /--port/],
    [['--port', '70000'], /--port/],
    [['--nonsense'], /--nonsense/],
    [['--provider', 'vapour'], /--provider/],
    [['--labs', '/nowhere'], /--labs: there is no such folder/],
    [['extra'], /extra/],
  ])('options %j', async (args, words) => {
    const server = serve(args)
    expect(await server.ended()).toBe(2)
    expect(server.errors).toEqual(oneSentence('BAD_OPTION', words))
  })
})

test('a second server on the same data says where the first is, with a new link that works', async () => {
  const first = serve(ground.args)
  const firstLink = await first.link()
  const second = serve(ground.args)
  expect(await second.ended()).toBe(1)
  expect(second.errors).toEqual(oneSentence('DATA_FOLDER_IN_USE', /Another labwright \(process \d+\)/))
  const link = new URL(/http:\S+/.exec(second.errors)![0])
  expect(link.origin).toBe(firstLink.origin)
  const browser = new Browser()
  expect(await browser.open(link)).toBe(204)
  expect(await browser.open(link)).toBe(401)
  expect((await browser.labs()).map(({ id }) => id)).toEqual(['tiny'])
})

test('a data folder whose path is too long for a socket works all the same', async () => {
  const server = serve([...ground.args, '--data', `${ground.data}/${'deep/'.repeat(30)}`])
  const browser = new Browser()
  await browser.open(await server.link())
  const session = await browser.start('tiny')
  // The sockets lie outside the data folder here, so the hosts are ended as a user ends them: without sessions they go with the server.
  await browser.ask('DELETE', `/api/sessions/${session}`)
  expect(await server.stop()).toBe(0)
})
