import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, describe, expect, it } from 'vitest'

const program = path.resolve(import.meta.dirname, '../../../dist/program.js')
/** A pod's usual grace is 30 s; ending takes none of it but what answers under way need. */
const GRACE_MILLISECONDS = 3000

const stops: (() => unknown)[] = []
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop()
})

function start(words: string[], env: Record<string, string> = {}) {
  const child = spawn(process.execPath, [program, ...words], { env: { ...process.env, ...env } })
  const said: string[] = []
  const lines = [child.stdout, child.stderr].map((input) =>
    createInterface({ input }).on('line', (line) => said.push(line)),
  )
  const ended = once(child, 'close').then(([code]) => code as number | null)
  stops.push(() => child.kill('SIGKILL') && ended)
  const saying = async (words: string): Promise<void> => {
    while (!said.some((line) => line.includes(words)))
      await Promise.race([
        ...lines.map((input) => once(input, 'line')),
        ended.then(() => Promise.reject(new Error(said.join('\n')))),
      ])
  }
  return { child, said, ended, saying }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

/** The log says that it listens before the kernel does. */
async function answerOf(url: string): Promise<string> {
  for (;;) {
    const answer = await fetch(url).catch(() => undefined)
    if (answer !== undefined) return answer.text()
    await new Promise((resolve) => setImmediate(resolve))
  }
}

describe('node program.js', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)('ends with 0 on %s, after the answers that are under way', async (signal) => {
    const port = await freePort()
    const { child, ended, saying } = start(['flaky'], { PORT: String(port), DELAY_MILLISECONDS: '300' })
    await saying('listening')
    await answerOf(`http://127.0.0.1:${port}/healthz`)
    const slow = fetch(`http://127.0.0.1:${port}/`)
    await answerOf(`http://127.0.0.1:${port}/healthz`)
    const before = performance.now()
    child.kill(signal)
    expect((await slow).status).toBe(200)
    expect(await ended).toBe(0)
    expect(performance.now() - before).toBeLessThan(GRACE_MILLISECONDS)
  })

  it('is told by which name a command of the pod started it', async () => {
    const port = await freePort()
    const { saying } = start(['httpbin', '--as', 'gunicorn', '-b', `127.0.0.1:${port}`, 'httpbin:app'])
    await saying('Listening at')
    expect(await answerOf(`http://127.0.0.1:${port}/hostname`)).toContain('hostname')
  })

  it('says that its port is taken, and ends with 1', async () => {
    const port = await freePort()
    const first = createServer().listen(port)
    await once(first, 'listening')
    stops.push(() => first.close())
    const { said, ended } = start(['payments'], { PORT: String(port) })
    expect(await ended).toBe(1)
    expect(said).toContain(`listen tcp :${port}: bind: address already in use`)
  })

  it('lists the programs when it knows none of that name', async () => {
    const { said, ended } = start(['no-such-program'])
    expect(await ended).toBe(2)
    expect(said.join('\n')).toMatch(/There is no program "no-such-program". There are .*httpbin/)
  })

  it('hands over to a command that is no server of the image', async () => {
    const { said, ended } = start(['netshoot', 'sh', '-c', 'echo from the real shell; exit 3'])
    expect(await ended).toBe(3)
    expect(said).toEqual(['from the real shell'])
  })

  it('ends such a command when it is told to end', async () => {
    const { child, saying, ended } = start(['curl', 'sh', '-c', 'echo here; exec sleep 60'])
    await saying('here')
    child.kill('SIGTERM')
    expect(await ended).toBe(143)
  })

  it('says that a command is not there', async () => {
    const { said, ended } = start(['netshoot', 'no-such-command'])
    expect(await ended).toBe(127)
    expect(said.join('\n')).toContain('exec: "no-such-command": executable file not found in $PATH')
  })

  it('runs the load of fortio over the real network', async () => {
    const port = await freePort()
    const server = start(['payments'], { PORT: String(port) })
    await server.saying('listening')
    await answerOf(`http://127.0.0.1:${port}/healthz`)
    const load = start([
      'fortio',
      '--as',
      'fortio',
      'load',
      '-n',
      '20',
      '-qps',
      '0',
      '-c',
      '2',
      `http://127.0.0.1:${port}/`,
    ])
    expect(await load.ended).toBe(0)
    expect(load.said).toContain('Code 200 : 20 (100.0 %)')
  })
})
