import { createInterface } from 'node:readline'
import type { ClusterChange } from '../../../protocol/simulator-host.ts'
import { isNobodyThere, openOverSocket, type HostProcess } from '../../sockets/index.ts'
import { ClusterStreams } from '../streams.ts'

/** Streams of clusters' changes, over deaths of their host, which is started again. */
export function hostStreams(host: HostProcess, log: (error: unknown, about: string) => void): ClusterStreams {
  return new ClusterStreams({
    async read(id, signal, tell) {
      await host.ensure()
      const path = `/clusters/${encodeURIComponent(id)}/changes`
      const response = await openOverSocket(host.socket, { path, signal })
      if (response.statusCode === 404) {
        response.destroy()
        return false
      }
      if (response.statusCode !== 200) throw new Error(`status ${response.statusCode}`)
      for await (const line of createInterface({ input: response }))
        if (line !== '') tell(JSON.parse(line) as ClusterChange)
      return true
    },
    // The host died.
    isExpected: isNobodyThere,
    log,
  })
}
