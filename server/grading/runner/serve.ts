import type { ProbeRefusal, ProbeRequest, ProbeResult } from '../../../protocol/probe.ts'
import type { Verifier } from '../../../verifiers/context.ts'
import type { FromRunner, ToRunner } from './messages.ts'
import { runOrder } from './run.ts'

/** Serves exactly one order over the IPC channel of this process, then ends it. Ends as well when the server is gone. */
export function serveOneOrder(find: (verifier: string) => Verifier | undefined): void {
  const probes = new Map<
    number,
    { resolve: (result: ProbeResult | ProbeRefusal) => void; reject: (error: Error) => void }
  >()
  const send = (message: FromRunner, sent?: () => void) => process.send?.(message, undefined, undefined, sent)
  const probe = (request: ProbeRequest) =>
    new Promise<ProbeResult | ProbeRefusal>((resolve, reject) => {
      const number = probes.size + 1
      probes.set(number, { resolve, reject })
      send({ type: 'probe', number, request })
    })
  process.on('disconnect', () => process.exit(0))
  process.on('message', (message: ToRunner) => {
    if (message.type === 'probed') probes.get(message.number)?.resolve(message.result)
    else if (message.type === 'probe-failed') probes.get(message.number)?.reject(new Error(message.message))
    else
      void runOrder(message.order, { find, probe }).then((verdict) => {
        send({ type: 'verdict', verdict }, () => process.exit(0))
      })
  })
  send({ type: 'ready' })
}
