import { createInterface } from 'node:readline'
import type { ClusterChange } from '../../../protocol/simulator-host.ts'
import type { ClusterNotice } from '../provider.ts'
import type { HostProcess } from './host-process.ts'
import { openOverSocket } from './socket-http.ts'

const FIRST_RETRY_MILLISECONDS = 50
const LAST_RETRY_MILLISECONDS = 2000

/** Follows the changes of a cluster over deaths of its host, which it has started again. */
export function followChanges(host: HostProcess, id: string, listener: (notice: ClusterNotice) => void): Disposable {
  const stop = new AbortController()
  void follow(host, id, stop.signal, listener)
  return { [Symbol.dispose]: () => stop.abort() }
}

async function follow(
  host: HostProcess,
  id: string,
  signal: AbortSignal,
  listener: (notice: ClusterNotice) => void,
): Promise<void> {
  let away = false
  let wait = FIRST_RETRY_MILLISECONDS
  const tell = (notice: ClusterNotice) => {
    if (!signal.aborted) listener(notice)
  }
  while (!signal.aborted) {
    try {
      await host.ensure()
      const response = await openOverSocket(host.socket, {
        path: `/clusters/${encodeURIComponent(id)}/changes`,
        signal,
      })
      if (response.statusCode === 404) {
        response.destroy()
        return tell({ type: 'GONE' })
      }
      if (response.statusCode !== 200) throw new Error(`status ${response.statusCode}`)
      for await (const line of createInterface({ input: response })) {
        if (line === '') continue
        away = false
        wait = FIRST_RETRY_MILLISECONDS
        tell(JSON.parse(line) as ClusterChange)
      }
    } catch {
      // The host died, is not up yet, or the watcher was disposed: all of them end in the loop's next turn.
    }
    if (signal.aborted) return
    if (!away) tell({ type: 'AWAY' })
    away = true
    await pause(wait, signal)
    wait = Math.min(LAST_RETRY_MILLISECONDS, wait * 2)
  }
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, milliseconds)
    timer.unref()
    signal.addEventListener('abort', done)
  })
}
