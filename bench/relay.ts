import { spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { WebSocket } from 'ws'

/** A terminal as someone who types sees it. */
export interface Keyboard extends AsyncDisposable {
  type(text: string): void
  onOutput(heard: (bytes: Uint8Array) => void): Disposable
}

/** A page on bench/relay.mjs. */
export async function startRelay(): Promise<Keyboard> {
  const child = spawn(process.execPath, [path.join(import.meta.dirname, 'relay.mjs')], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const ended = once(child, 'exit')
  const port = await Promise.race([
    once(child.stdout, 'data'),
    ended.then(() => Promise.reject(new Error('the relay ended'))),
  ])
  const socket = new WebSocket(`ws://127.0.0.1:${String(port).trim()}`, { perMessageDeflate: false })
  await once(socket, 'open')
  return {
    type: (text) => socket.send(text),
    onOutput(heard) {
      socket.on('message', heard)
      return { [Symbol.dispose]: () => void socket.off('message', heard) }
    },
    async [Symbol.asyncDispose]() {
      socket.terminate()
      child.stdin.end()
      await ended
    },
  }
}
