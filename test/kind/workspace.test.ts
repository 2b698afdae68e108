import { createServer, type Server } from 'node:net'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { encodeFrame, decodeFrame } from '../../protocol/live-frames.ts'
import { INPUT, OUTPUT } from '../../protocol/live.ts'
import { workspacesConform } from '../../server/workspaces/conformance.ts'
import type { WorkspaceProvider } from '../../server/workspaces/provider.ts'
import type { TerminalHosts } from '../../server/workspaces/terminal-host/index.ts'
import { waitFor } from '../support/waiting.ts'
import { ToolboxWorld } from './support/toolboxes.ts'
import { makeWorkspaceImage } from './support/workspace-image.ts'
import { docker } from './support/world.ts'

let world: ToolboxWorld
let workspaces: WorkspaceProvider
let terminals: TerminalHosts
beforeAll(async () => {
  await makeWorkspaceImage()
  const hello = (url: URL) => ({ status: 200, headers: { 'Content-Type': 'text/plain' }, body: url.pathname })
  world = await ToolboxWorld.create({ hello })
  ;({ workspaces, terminals } = await world.open())
})
afterAll(async () => {
  await terminals.close(false)
  await workspaces.close()
  await world.remove()
})

const make = (id: string) => workspaces.create({ id, kubeconfig: 'apiVersion: v1\nkind: Config\n', mirrors: [] })
const run = async (id: string, script: string, timeoutMilliseconds = 30_000) =>
  (await workspaces.run(id, script, { timeoutMilliseconds })).output.trim()

describe('containers', () => {
  workspacesConform(() => workspaces)
})

describe('a container', () => {
  beforeAll(async () => {
    await make('mine')
    await make('other')
  })

  test('has a user of its own and no rights', async () => {
    expect(await run('mine', 'id -u; grep -E "^(CapPrm|CapEff|CapBnd|NoNewPrivs)" /proc/self/status')).toMatch(
      /^10100\nCapPrm:\t0+\nCapEff:\t0+\nCapBnd:\t0+\nNoNewPrivs:\t1$/,
    )
  })

  test.each(['/x', '/etc/x', '/usr/bin/x', '/run/labwright/x', '/var/x'])('cannot write %s', async (file) => {
    expect(await run('mine', `touch ${file} 2>&1`)).toMatch(/Read-only file system|Permission denied/)
  })

  test('has no way to the engine', async () => {
    expect(await run('mine', 'find / -xdev -name "*.sock" 2>/dev/null; ls /run/labwright | grep sock')).toBe(
      'downloads.sock',
    )
    expect(await run('mine', 'command -v docker; docker ps 2>&1')).toMatch(/command not found$/)
  })

  test('does not reach the one of another session, by whatever address', async () => {
    const listens = `node -e 'require("net").createServer((s) => s.end("hi")).listen(9000)' & sleep 60`
    const stop = new AbortController()
    const listening = workspaces.run('other', listens, { timeoutMilliseconds: 60_000, signal: stop.signal })
    const address = await addressOf('other')
    const ask = (from: string) => run(from, `timeout 3 bash -c 'cat </dev/tcp/${address}/9000'; echo $?`)
    await waitFor(async () => (await ask('other')) === 'hi0', 20_000)
    expect(await ask('mine')).toMatch(/(124|1)$/)
    expect(await run('mine', `timeout 3 bash -c 'cat </dev/tcp/${world.container('other')}/9000' 2>&1`)).not.toContain(
      'hi',
    )
    stop.abort()
    await listening
  })

  test('is led to nothing of this machine by the way to downloads', async () => {
    const secret: Server = createServer((socket) => socket.end('secret'))
    await new Promise<void>((resolve) => secret.listen(0, '127.0.0.1', resolve))
    const { port } = secret.address() as AddressInfo
    for (const host of ['127.0.0.1', 'localhost', '0.0.0.0', '[::1]'])
      expect(await run('mine', `curl -sS --noproxy '' https://${host}:${port}/ 2>&1; echo $?`), host).toMatch(
        /CONNECT tunnel failed[^]*56$/,
      )
    secret.close()
  })

  test('keeps its files when it is started again, and its terminals say that they are lost', async () => {
    await run('mine', 'echo kept >~/kept')
    const mine = terminals.of('mine')
    await mine.open('bash 1', workspaces.shell('mine'), 80, 24)
    const lost = new Promise<boolean>((resolve) => {
      mine.watch({ terminals: (_, isLost) => isLost && resolve(true), run: () => undefined })
    })
    await docker('restart', '--time', '1', world.container('mine'))
    expect(await lost).toBe(true)
    expect(await run('mine', 'cat ~/kept')).toBe('kept')
    expect(mine.list()).toEqual([])
  })

  test('comes back when somebody took it away, with its credentials and an empty home', async () => {
    await docker('rm', '--force', '--volumes', world.container('mine'))
    await waitFor(() => terminals.of('mine').list().length === 0)
    await waitFor(async () => (await run('mine', 'ls; head -1 ~/.kube/config 2>&1')) === 'apiVersion: v1', 20_000)
  })

  test('is made anew with its home, which goes with the last of them', async () => {
    await run('mine', 'echo kept >~/kept')
    const of = (what: string) => docker('inspect', '--format', what, world.container('mine'))
    const home = '{{range .Mounts}}{{if eq .Type "volume"}}{{.Name}}{{end}}{{end}}'
    const [volume, container] = [await of(home), await of('{{.Id}}')]
    await world.renew('mine')
    expect(await run('mine', 'cat ~/kept')).toBe('kept')
    expect(await of(home)).toBe(volume)
    expect(await of('{{.Id}}')).not.toBe(container)
    await workspaces.delete('mine')
    expect(await docker('volume', 'ls', '--quiet', '--filter', `name=${volume}`)).toBe('')
    await make('mine')
  })

  test('keeps its shells when the server is started again', async () => {
    const { number } = await terminals.of('mine').open('bash 1', workspaces.shell('mine'), 80, 24)
    const first = page('mine', number)
    first.type(1, 'secret=$((6 * 7))\r')
    await waitFor(() => first.text().includes('$((6 * 7))'))
    await terminals.close(false)
    await workspaces.close()
    ;({ workspaces, terminals } = await world.open())
    await make('mine')
    await make('other')
    expect(terminals.of('mine').list()).toMatchObject([{ number, name: 'bash 1' }])
    const second = page('mine', number)
    second.type(1, 'echo "<$secret>"\r')
    await waitFor(() => second.text().includes('<42>'))
    expect(terminals.of('other').list()).toEqual([])
  })
})

describe('limits', () => {
  test('are what the engine was told', async () => {
    const format = '{{json .HostConfig}}'
    const config = JSON.parse(await docker('inspect', '--format', format, world.container('mine'))) as object
    expect(config).toMatchObject({
      NanoCpus: 1e9,
      Memory: 2 ** 30,
      MemorySwap: 2 ** 30,
      PidsLimit: 512,
      ReadonlyRootfs: true,
      Privileged: false,
      RestartPolicy: { Name: 'unless-stopped' },
      LogConfig: { Config: { 'max-size': '1m', 'max-file': '1' } },
    })
  })

  test('a fork bomb ends at them, and the neighbour goes on', async () => {
    const bomb = workspaces.run('mine', ':(){ :|:& };:; sleep 5', { timeoutMilliseconds: 6000 })
    const times: number[] = []
    for (let round = 0; round < 10; round += 1) {
      const begin = performance.now()
      expect(await run('other', 'echo alive')).toBe('alive')
      times.push(performance.now() - begin)
    }
    console.log(`beside a fork bomb a script took ${Math.round(Math.max(...times))} ms at most`)
    expect(Math.max(...times)).toBeLessThan(5000)
    expect((await bomb).output).toMatch(/fork|Resource temporarily unavailable/)
    await waitFor(async () => (await run('mine', 'echo back').catch(() => '')) === 'back', 60_000)
  })

  test('one who takes all memory loses the program that took it, and no shell', async () => {
    const { number } = await terminals.of('mine').open('bash 2', workspaces.shell('mine'), 80, 24)
    const hog = 'node -e "const all = []; for (;;) all.push(Buffer.alloc(1 << 24, 1))"; echo $?'
    expect(await run('mine', hog, 60_000)).toMatch(/(137|134)$/)
    expect(
      terminals
        .of('mine')
        .list()
        .find((terminal) => terminal.number === number),
    ).not.toHaveProperty('exitCode')
  })

  test('no file is larger than the home may be, and /tmp is not the memory', async () => {
    const large = 'dd if=/dev/zero of=~/large bs=1 count=1 seek=3G 2>&1; echo $?; stat -c %s ~/large'
    expect(await run('mine', large)).toMatch(/(153|1)\n0$/)
    expect(await run('mine', 'head -c 300M /dev/zero 2>&1 >/tmp/big; rm -f /tmp/big')).toContain('No space left')
  })
})

async function addressOf(id: string): Promise<string> {
  return docker('inspect', '--format', '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}', world.container(id))
}

/** A page that looks at a terminal and types. */
function page(session: string, terminal: number) {
  const chunks: Buffer[] = []
  const viewer = terminals.of(session).viewer(`page-${Math.random()}`, {
    frame: (bytes) => {
      const frame = decodeFrame(bytes)
      if (frame?.opcode === OUTPUT) chunks.push(Buffer.from(frame.bytes))
    },
    replay: () => undefined,
    typed: () => undefined,
  })
  viewer.attach(terminal, 0)
  return {
    text: () => Buffer.concat(chunks).toString(),
    type: (sequence: number, text: string) =>
      viewer.frame(encodeFrame({ opcode: INPUT, terminal, sequence, bytes: Buffer.from(text) })),
  }
}
