import { PassThrough } from 'node:stream'
import type { ContainerStreams } from '../kubernetes/index.ts'

type Stream = 'stdout' | 'stderr'
type Size = { columns: number; rows: number }
type Output = (chunk: Uint8Array, stream: Stream) => void | Promise<void>

// Output before anyone has attached (a prompt) is kept for the first who does.
const keptBytes = 4096

/** The standard streams of a container with `stdin: true`: one end for its program, the other for whoever attaches. */
export class Console {
  readonly input = new PassThrough()
  readonly #outputs = new Set<Output>()
  readonly #resizes = new Set<(size: Size) => void>()
  #size: Size | undefined
  #kept: { chunk: Uint8Array; stream: Stream }[] = []
  /** Resolves when the first client has joined. */
  readonly attached: Promise<void>
  #resolveAttached: () => void = () => {}

  constructor() {
    this.attached = new Promise((resolve) => (this.#resolveAttached = resolve))
  }

  /** The program's end. What it writes also goes to the log. */
  streams(tty: boolean, log: (text: string, stream: Stream) => void, signal: AbortSignal): ContainerStreams {
    const write =
      (stream: Stream) =>
      async (chunk: Uint8Array): Promise<void> => {
        const text = Buffer.from(chunk)
          .toString()
          .replace(/\r?\n$/, '')
        if (text !== '') log(text, stream)
        if (this.#outputs.size === 0) this.#keep({ chunk, stream })
        for (const output of this.#outputs) await output(chunk, stream)
      }
    return {
      stdin: this.input,
      stdout: write('stdout'),
      stderr: write('stderr'),
      tty,
      onResize: (listener) => {
        this.#resizes.add(listener)
        if (this.#size !== undefined) listener(this.#size)
      },
      signal,
    }
  }

  /** Joins a client; disposing lets it go. */
  attach(output: Output): Disposable {
    for (const { chunk, stream } of this.#kept) void output(chunk, stream)
    this.#kept = []
    this.#outputs.add(output)
    this.#resolveAttached()
    return { [Symbol.dispose]: () => void this.#outputs.delete(output) }
  }

  resize(size: Size): void {
    this.#size = size
    for (const listener of this.#resizes) listener(size)
  }

  #keep(entry: { chunk: Uint8Array; stream: Stream }): void {
    const bytes = this.#kept.reduce((sum, { chunk }) => sum + chunk.length, 0)
    if (bytes + entry.chunk.length <= keptBytes) this.#kept.push(entry)
  }
}
