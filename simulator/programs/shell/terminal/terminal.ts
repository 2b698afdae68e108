import { setMaxListeners } from 'node:events'
import type { ContainerStreams } from '../../../kubernetes/index.ts'
import { readAll } from '../command.ts'
import { LineEditor, type LineEvent } from './line-editor.ts'
import { InputQueue } from './input-queue.ts'

/** One run of something on a terminal: Ctrl-C fires its signal. */
export interface Job {
  signal: AbortSignal
  stdin: AsyncIterable<Uint8Array>
  /** Everything up to the end of the input; empty when there is none. */
  readStdin(): Promise<Uint8Array>
}

/** Both ends of a process, with or without a terminal between them. */
export interface Terminal {
  readonly tty: boolean
  /** Fires when the client is gone or the container ends. */
  readonly signal: AbortSignal
  write(chunk: string | Uint8Array): void
  writeError(chunk: string | Uint8Array): void
  run(work: (job: Job) => Promise<number>): Promise<number>
  /** Only with a tty: one line, edited at a prompt. */
  readLine(prompt: string): Promise<LineEvent>
  /** Resolves when everything that was written has been taken. */
  close(): Promise<void>
}

export function openTerminal(streams: ContainerStreams, closed: AbortSignal): Terminal {
  const gone = new AbortController()
  // A command may have many requests in flight.
  setMaxListeners(0, gone.signal)
  const abort = (): void => gone.abort()
  for (const signal of [streams.signal, closed]) {
    if (signal.aborted) abort()
    else signal.addEventListener('abort', abort, { once: true })
  }
  const writer = new Writer(streams)
  const close = (): Promise<void> => {
    streams.signal.removeEventListener('abort', abort)
    closed.removeEventListener('abort', abort)
    return writer.flush()
  }
  return streams.tty ? new Tty(streams, writer, gone.signal, close) : new Pipes(streams, writer, gone.signal, close)
}

/** Keeps the order of what is written, and the first error of a client that no longer takes it. */
class Writer {
  readonly #streams: ContainerStreams
  #last: Promise<void> = Promise.resolve()

  constructor(streams: ContainerStreams) {
    this.#streams = streams
  }

  out(chunk: string | Uint8Array): void {
    this.#push(this.#streams.stdout, chunk)
  }

  error(chunk: string | Uint8Array): void {
    this.#push(this.#streams.tty ? this.#streams.stdout : this.#streams.stderr, chunk)
  }

  flush(): Promise<void> {
    return this.#last
  }

  #push(to: ContainerStreams['stdout'], chunk: string | Uint8Array): void {
    const bytes = Buffer.from(this.#streams.tty ? withCarriageReturns(chunk) : chunk)
    const taken = to(bytes)
    if (taken !== undefined) this.#last = Promise.all([this.#last, taken]).then(() => {})
  }
}

/** A terminal's ONLCR: every line feed begins a line. */
function withCarriageReturns(chunk: string | Uint8Array): Uint8Array {
  const bytes = Buffer.from(chunk)
  if (!bytes.includes(10)) return bytes
  return Buffer.from(bytes.toString('latin1').replaceAll(/\r?\n/g, '\r\n'), 'latin1')
}

class Pipes implements Terminal {
  readonly tty = false
  readonly signal: AbortSignal
  readonly close: () => Promise<void>
  readonly #streams: ContainerStreams
  readonly #writer: Writer

  constructor(streams: ContainerStreams, writer: Writer, signal: AbortSignal, close: () => Promise<void>) {
    this.#streams = streams
    this.#writer = writer
    this.signal = signal
    this.close = close
  }

  write(chunk: string | Uint8Array): void {
    this.#writer.out(chunk)
  }

  writeError(chunk: string | Uint8Array): void {
    this.#writer.error(chunk)
  }

  run(work: (job: Job) => Promise<number>): Promise<number> {
    const stdin = this.#streams.stdin ?? nothing()
    return work({ signal: this.signal, stdin, readStdin: () => readAll(stdin) })
  }

  readLine(): Promise<LineEvent> {
    return Promise.reject(new Error('There is no terminal to read a line from.'))
  }
}

// oxlint-disable-next-line typescript/require-await
async function* nothing(): AsyncGenerator<Uint8Array> {}

const interruptKey = '\x03'
const endKey = '\x04'

class Tty implements Terminal {
  readonly tty = true
  readonly signal: AbortSignal
  readonly close: () => Promise<void>
  readonly #writer: Writer
  readonly #editor: LineEditor
  readonly #typed = new InputQueue()
  #interrupt: (() => void) | undefined

  constructor(streams: ContainerStreams, writer: Writer, signal: AbortSignal, close: () => Promise<void>) {
    this.#writer = writer
    this.signal = signal
    this.close = close
    this.#editor = new LineEditor((text) => writer.out(text), [])
    streams.onResize(({ columns }) => this.#editor.resize(columns))
    signal.addEventListener('abort', () => this.#typed.end(), { once: true })
    void this.#pump(streams.stdin)
  }

  write(chunk: string | Uint8Array): void {
    this.#writer.out(chunk)
  }

  writeError(chunk: string | Uint8Array): void {
    this.#writer.error(chunk)
  }

  async run(work: (job: Job) => Promise<number>): Promise<number> {
    const job = new AbortController()
    setMaxListeners(0, job.signal)
    const abort = (): void => job.abort()
    if (this.signal.aborted) abort()
    this.signal.addEventListener('abort', abort, { once: true })
    this.#interrupt = abort
    try {
      const stdin = this.#cooked(job.signal)
      return await work({ signal: job.signal, stdin, readStdin: () => Promise.resolve(new Uint8Array()) })
    } finally {
      this.#interrupt = undefined
      this.signal.removeEventListener('abort', abort)
    }
  }

  async readLine(prompt: string): Promise<LineEvent> {
    this.#editor.start(prompt)
    for (;;) {
      const typed = await this.#typed.next(this.signal)
      if (typed === undefined) return { kind: 'end' }
      const { event, rest } = this.#editor.feed(typed)
      if (rest !== '') this.#typed.putBack(rest)
      if (event !== undefined) return event
    }
  }

  async #pump(stdin: AsyncIterable<Uint8Array> | undefined): Promise<void> {
    const decoder = new TextDecoder()
    try {
      for await (const chunk of stdin ?? nothing()) {
        let text = decoder.decode(chunk, { stream: true })
        if (this.#interrupt !== undefined && text.includes(interruptKey)) {
          // What was typed ahead is thrown away with the interrupt, as a terminal's flush does.
          text = text.slice(text.lastIndexOf(interruptKey) + 1)
          this.#typed.clear()
          this.#writer.out('^C\n')
          this.#interrupt()
        }
        if (text !== '') this.#typed.push(text)
      }
    } finally {
      this.#typed.end()
    }
  }

  /** Input of a command on the terminal: whole lines, echoed, until Ctrl-D. */
  async *#cooked(signal: AbortSignal): AsyncGenerator<Uint8Array> {
    let line = ''
    for (;;) {
      const typed = await this.#typed.next(signal)
      if (typed === undefined) return
      for (const [index, character] of Array.from(typed).entries()) {
        if (character === endKey && line === '') {
          const rest = Array.from(typed)
            .slice(index + 1)
            .join('')
          if (rest !== '') this.#typed.putBack(rest)
          return
        }
        if (character === '\x7f') {
          if (line !== '') this.#writer.out('\b \b')
          line = line.slice(0, -1)
          continue
        }
        line += character === '\r' ? '\n' : character
        this.#writer.out(character === '\r' ? '\n' : character)
        if (!line.endsWith('\n')) continue
        yield Buffer.from(line)
        line = ''
      }
    }
  }
}
