import { mkdtemp, readFile, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { pageClock } from '../../client/stores/clock.ts'
import { TerminalStream } from '../../client/stores/terminal-stream.ts'
import { systemClock } from '../../protocol/clock.ts'
import { decodeFrame } from '../../protocol/live-frames.ts'
import { OUTPUT } from '../../protocol/live.ts'
import { socketPath } from '../../server/sockets/index.ts'
import { TerminalHost } from '../../server/workspaces/terminal-host/host.ts'
import { localHost, TerminalHostConnection, type Viewer } from '../../server/workspaces/terminal-host/index.ts'
import { waitFor } from '../support/waiting.ts'

let folder: string
let host: TerminalHost
let connection: TerminalHostConnection

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'labwright-paste-'))
  host = new TerminalHost(systemClock, { idle: () => {}, stop: () => {} })
  await host.listen(socketPath(folder, 'terminals'))
  connection = new TerminalHostConnection(localHost({ dataFolder: folder, program: '/nowhere.js' }))
  await connection.ready()
})
afterAll(async () => {
  connection[Symbol.dispose]()
  host.close()
  await rm(folder, { recursive: true, force: true })
})

test(
  'a paste of 1 MiB, four times what may wait for a program, arrives whole and in order',
  { timeout: 120_000 },
  async () => {
    const shell = {
      command: 'bash',
      arguments: ['--norc', '-c', 'echo ready; head -n 16384 > pasted; echo saved'],
      folder,
      environment: { PATH: process.env['PATH'] ?? '', TERM: 'xterm-256color' },
    }
    const { number } = await connection.open('s', 'bash', shell, 80, 24)
    let shown = ''
    const viewer: Viewer = connection.viewer('page', {
      frame: (encoded) => {
        const frame = decodeFrame(encoded)
        if (frame?.opcode === OUTPUT) stream.output(frame)
      },
      replay: (_, offset, end) => stream.replay(offset, end),
      typed: (_, sequence) => stream.typed(sequence),
    })
    const stream = new TerminalStream(number, (frame) => (viewer.frame(frame), true), pageClock)
    stream.show({
      write(bytes, parsed) {
        // All of it: what the kernel still had to echo may come after the program's last word.
        shown += Buffer.from(bytes).toString()
        parsed()
      },
      reset: () => {},
    })
    viewer.attach(number, 0)
    await waitFor(() => shown.includes('ready'))
    const lines = Array.from({ length: 16 * 1024 }, (_, index) => `${index} `.padEnd(63, '.') + '\n')
    const text = lines.join('')
    expect(text.length).toBe(1024 * 1024)
    stream.type(Buffer.from(text.replaceAll('\n', '\r')))
    await waitFor(() => shown.includes('saved'), 100_000)
    expect((await readFile(path.join(folder, 'pasted'), 'utf8')) === text).toBe(true)
    stream.close()
    viewer[Symbol.dispose]()
  },
)
