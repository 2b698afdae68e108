import type { HttpRequest, HttpResponse } from '../kubernetes/index.ts'
import type { Image, ProgramContext } from './program.ts'

/** What the control plane is given of its container. */
export type IstiodContext = Pick<ProgramContext, 'api' | 'clock' | 'env' | 'pod' | 'log'>

/** A running control plane. */
export interface ControlPlane extends Disposable {
  /** Answers on 15017 (webhooks), 15014 (metrics, version) and 8080 (readiness). */
  serve(port: number, request: HttpRequest): HttpResponse | Promise<HttpResponse>
}

const httpPorts = [15017, 15014, 8080] as const
/** xDS and certificates: the simulated proxies are told directly, so these only accept. */
const tcpPorts = [15010, 15012] as const

/** The image istio/pilot. What it does comes from the mesh, which stands above the programs. */
export function istiodImage(start: (context: IstiodContext) => Promise<ControlPlane>): Image {
  return {
    // Measured on an idle istiod of the demo profile.
    usage: { idleMilliCpu: 3, milliCpuPerRequestPerSecond: 2, memoryBytes: 52 * 1024 * 1024 },
    shell: false,
    userId: 1337,
    async program(context) {
      const logged = (line: string): void =>
        context.log(`${new Date(context.clock.now()).toISOString()}\tinfo\t${line}`)
      logged(`initializing Istiod revision=${context.env['REVISION'] ?? 'default'}`)
      const controlPlane = await start({ ...context, log: logged })
      const listeners = [
        ...httpPorts.map((port) => context.listen(port, (request) => controlPlane.serve(port, request))),
        ...tcpPorts.map((port) => context.listenTcp(port, (connection) => connection.end())),
      ]
      logged('All controllers synced; serving webhooks on 15017, monitoring on 15014')
      await ended(context.signal)
      for (const listener of listeners) listener[Symbol.dispose]()
      controlPlane[Symbol.dispose]()
      return 0
    },
  }
}

function ended(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
}
