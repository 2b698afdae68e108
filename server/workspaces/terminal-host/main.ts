import { unlinkSync } from 'node:fs'
import { connect } from 'node:net'
import { systemClock } from '../../../protocol/clock.ts'
import { TerminalHost } from './host.ts'

/** Without a server the host ends: soon when it holds nothing, after half a day when shells wait for their learner. */
const EMPTY_MILLISECONDS = 60_000
const SHELLS_ONLY_MILLISECONDS = 12 * 60 * 60 * 1000
/** Shells get their hang-up and a moment to go before the process does. */
const LAST_MILLISECONDS = 200

const socket = process.argv[2]
if (socket === undefined) {
  console.error('terminal-host: the path of the socket is missing')
  process.exit(2)
}
process.umask(0o077)

let timer: Disposable | undefined
const keepAlive = setInterval(() => {}, 1 << 30)
const host = new TerminalHost(systemClock, { idle, stop })

function idle(state: 'in use' | 'shells only' | 'empty'): void {
  timer?.[Symbol.dispose]()
  if (state === 'in use') return
  timer = systemClock.after(state === 'empty' ? EMPTY_MILLISECONDS : SHELLS_ONLY_MILLISECONDS, stop)
}

function stop(): void {
  host.close()
  clearInterval(keepAlive)
  setTimeout(() => process.exit(0), LAST_MILLISECONDS)
}

/** True when a living host answers there; a socket that nobody listens to is a dead one's and goes away. */
function taken(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect(path)
    probe.once('connect', () => {
      probe.destroy()
      resolve(true)
    })
    probe.once('error', () => resolve(false))
  })
}

process.on('SIGTERM', stop)
process.on('SIGINT', stop)
process.on('SIGHUP', () => {})
process.on('uncaughtException', (error) => console.error(new Date().toISOString(), error))

if (await taken(socket)) process.exit(0)
try {
  unlinkSync(socket)
} catch {
  // There was none.
}
await host.listen(socket)
idle('empty')
console.log(`terminal-host ${process.pid} listens`)
