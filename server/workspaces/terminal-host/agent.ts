import { connect, createServer, type Socket } from 'node:net'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { systemClock } from '../../../protocol/clock.ts'
import { AGENT_SOCKET, DOWNLOADS_PORT, DOWNLOADS_SOCKET } from './shared-folder.ts'
import { TerminalHost } from './host.ts'

/**
 * The terminal host of a container. It cannot be found by a server, which trusts nothing that a learner could have made: so it finds the
 * server, by a socket in a folder that the container can only read, and comes back to it after every end.
 */
const AGAIN_MILLISECONDS = 100
const LAST_MILLISECONDS = 200

const folder = process.argv[2]
const home = process.env['HOME']
if (folder === undefined || home === undefined) {
  console.error('terminal-agent: the folder of the server or HOME is missing')
  process.exit(2)
}
const host = new TerminalHost(systemClock, { stop, home })

function stop(): void {
  host.close()
  setTimeout(() => process.exit(0), LAST_MILLISECONDS)
}

function open(socket: string): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const opened = connect(socket)
    opened.once('connect', () => resolve(opened))
    opened.once('error', () => resolve(undefined))
  })
}

/** Whoever asks for downloads is led to the server, which alone knows what may be had. */
const downloads = createServer((client) => {
  const server = connect(path.join(folder, DOWNLOADS_SOCKET))
  client.pipe(server).pipe(client)
  for (const [one, other] of [
    [client, server],
    [server, client],
  ] as const) {
    one.on('error', () => other.destroy())
    one.on('close', () => other.destroy())
  }
})
downloads.on('error', (error) => console.error(new Date().toISOString(), 'downloads:', error.message))
downloads.listen(DOWNLOADS_PORT, '127.0.0.1')

process.on('SIGTERM', stop)
process.on('SIGINT', stop)
process.on('SIGHUP', () => {})
process.on('uncaughtException', (error) => console.error(new Date().toISOString(), error))

console.log(`terminal-agent ${process.pid} looks for its server`)
for (;;) {
  const socket = await open(path.join(folder, AGENT_SOCKET))
  if (socket !== undefined) {
    host.accept(socket)
    await new Promise((resolve) => socket.once('close', resolve))
  }
  await sleep(AGAIN_MILLISECONDS)
}
