import type { ProbeRefusal, ProbeRequest, ProbeResult } from '../../protocol/probe.ts'
import type { Verdict } from '../../protocol/verdict.ts'
import { sentenceOf, startLimited, type LimitedProcess } from './limited-process.ts'
import { lastPart, readable } from './output.ts'
import type { CheckOrder, FromRunner, ToRunner } from './runner/messages.ts'

const HEAP_MEBIBYTES = 256
/** The runner keeps its deadline by itself; one that is this late is stuck. */
const LATE_MILLISECONDS = 1500

export interface RunnerOptions {
  /** The check runner's script. */
  script: string
  /** Arguments for Node before the script. */
  nodeArguments?: string[]
  /** Processes that wait with everything loaded. */
  spares: number
}

export interface RunnerRequest {
  order: CheckOrder
  probe(this: void, request: ProbeRequest, signal: AbortSignal): Promise<ProbeResult | ProbeRefusal>
  signal: AbortSignal
}

/** Check runners: each serves one run and ends; spares wait with the verifiers loaded, so that a run starts at once. */
export class RunnerPool implements AsyncDisposable {
  readonly #options: RunnerOptions
  readonly #spares: LimitedProcess[] = []
  readonly #all = new Set<LimitedProcess>()
  #closed = false

  constructor(options: RunnerOptions) {
    this.#options = options
  }

  /** Starts the spares; without it they are started with the first run. */
  warm(): void {
    while (!this.#closed && this.#spares.length < this.#options.spares) this.#spares.push(this.#start())
  }

  async run(request: RunnerRequest): Promise<Omit<Verdict, 'milliseconds'>> {
    const runner = this.#take()
    setImmediate(() => this.warm())
    const { order, signal } = request
    const answer = listen(runner, request)
    runner.limit(order.timeoutMilliseconds + LATE_MILLISECONDS, signal)
    send(runner, { type: 'run', order })
    const ending = await runner.ended
    const verdict = answer()
    if (verdict !== undefined && ending.kind === 'exit') return verdict
    const output = lastPart(readable(runner.output()))
    return {
      state: 'broken',
      ...sentenceOf(ending, order.timeoutMilliseconds / 1000),
      evidence: output === '' ? [] : [{ kind: 'output', text: output }],
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true
    for (const runner of this.#all) runner.end({ kind: 'aborted' })
    await Promise.all([...this.#all].map((runner) => runner.ended))
  }

  #take(): LimitedProcess {
    for (;;) {
      const spare = this.#spares.shift()
      if (spare === undefined) return this.#start()
      if (spare.child.exitCode === null && spare.child.signalCode === null && spare.child.connected) return spare
    }
  }

  #start(): LimitedProcess {
    const { script, nodeArguments = [] } = this.#options
    const runner = startLimited(process.execPath, {
      arguments: [`--max-old-space-size=${HEAP_MEBIBYTES}`, '--enable-source-maps', ...nodeArguments, script],
      environment: { PATH: process.env['PATH'] ?? '', LANG: 'C.UTF-8', NODE_ENV: 'production' },
      ipc: true,
    })
    // A channel to a process that has just died reports it by the process's end as well.
    runner.child.on('error', () => undefined)
    this.#all.add(runner)
    void runner.ended.then(() => this.#all.delete(runner))
    return runner
  }
}

/** Relays the runner's probes and remembers its verdict. */
function listen(
  runner: LimitedProcess,
  { probe, signal }: RunnerRequest,
): () => Omit<Verdict, 'milliseconds'> | undefined {
  let verdict: Omit<Verdict, 'milliseconds'> | undefined
  const stop = new AbortController()
  void runner.ended.then(() => stop.abort())
  const until = AbortSignal.any([signal, stop.signal])
  runner.child.on('message', (message: FromRunner) => {
    if (message.type === 'verdict') verdict = message.verdict
    else if (message.type === 'probe')
      probe(message.request, until).then(
        (result) => send(runner, { type: 'probed', number: message.number, result }),
        (error: Error) => send(runner, { type: 'probe-failed', number: message.number, message: error.message }),
      )
  })
  return () => verdict
}

function send(runner: LimitedProcess, message: ToRunner): void {
  if (runner.child.connected) runner.child.send(message, () => undefined)
}
