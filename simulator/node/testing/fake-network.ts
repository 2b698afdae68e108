import { PassThrough } from 'node:stream'
import type { KubeObject } from '../../kubernetes/index.ts'
import type { PodNetwork } from '../../network/index.ts'
import type { HttpHandler } from '../../programs/index.ts'

/** A network for tests of the node: every pod reaches what listens in itself, and nothing else. */
export function fakeNetwork() {
  let next = 5
  const taken = new Set<string>()
  return {
    addresses: () => [...taken],
    addPod(pod: KubeObject): PodNetwork {
      const ip: string = pod.status?.podIP ?? `10.244.0.${next++}`
      taken.add(ip)
      const handlers = new Map<number, HttpHandler>()
      const refused = { kind: 'refused', message: 'Connection refused' } as const
      return {
        ip,
        listen(port, handler) {
          handlers.set(port, handler)
          return { [Symbol.dispose]: () => void handlers.delete(port) }
        },
        listenTcp: () => ({ [Symbol.dispose]: () => {} }),
        async call(request, options) {
          const handler = handlers.get(options?.connectTo?.port ?? 80)
          if (handler === undefined) return { ok: false, failure: refused, milliseconds: 0 }
          const response = await handler(request, { sourceIp: '127.0.0.1', signal: new AbortController().signal })
          return { ok: true, response, milliseconds: 1 }
        },
        lookup: () => undefined,
        dial: async (_host, port) => (handlers.has(port) ? undefined : refused),
        connect: async () => new PassThrough(),
        setProxyRunning: () => {},
        [Symbol.dispose]: () => void taken.delete(ip),
      }
    },
  }
}
