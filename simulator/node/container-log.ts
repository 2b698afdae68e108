import type { LogOptions } from '../kubernetes/index.ts'

interface Line {
  /** Milliseconds since 1970. */
  at: number
  text: string
}

/** What one container run keeps of its output, in bytes of text. */
export const logBytesPerContainer = 2 ** 20

/** The output of one run of a container: bounded, oldest lines dropped first. */
export class ContainerLog {
  #lines: Line[] = []
  #bytes = 0
  // Number of the first line that is kept; readers remember where they are by number.
  #first = 0
  #ended = false
  #waiting = new Set<() => void>()
  readonly #now: () => number

  constructor(now: () => number) {
    this.#now = now
  }

  write(text: string): void {
    for (const part of text.split('\n')) {
      this.#lines.push({ at: this.#now(), text: part })
      this.#bytes += part.length + 1
    }
    let dropped = 0
    while (this.#bytes > logBytesPerContainer && dropped < this.#lines.length) {
      this.#bytes -= (this.#lines[dropped]?.text.length ?? 0) + 1
      dropped++
    }
    if (dropped > 0) this.#lines = this.#lines.slice(dropped)
    this.#first += dropped
    this.#wake()
  }

  /** No more will come: followers end. */
  end(): void {
    this.#ended = true
    this.#wake()
  }

  /** The lines that the options ask for; with `follow` until the end of the run or the signal. */
  async *read(options: LogOptions): AsyncGenerator<Uint8Array> {
    let next = this.#start(options)
    let left = options.limitBytes ?? Infinity
    for (;;) {
      const from = Math.max(0, next - this.#first)
      const lines = this.#lines.slice(from)
      next = this.#first + this.#lines.length
      if (lines.length > 0) {
        const bytes = Buffer.from(lines.map((line) => format(line, options.timestamps ?? false)).join(''))
        yield bytes.subarray(0, Math.min(left, bytes.length))
        left -= bytes.length
        if (left <= 0) return
        continue
      }
      if (!options.follow || this.#ended || options.signal.aborted) return
      await this.#more(options.signal)
    }
  }

  #start({ tailLines, sinceSeconds, sinceTime }: LogOptions): number {
    const since =
      sinceTime !== undefined
        ? Date.parse(sinceTime)
        : sinceSeconds !== undefined
          ? this.#now() - sinceSeconds * 1000
          : -Infinity
    const fresh = this.#lines.findIndex((line) => line.at >= since)
    const bySince = fresh === -1 ? this.#lines.length : fresh
    const byTail = tailLines === undefined ? 0 : Math.max(0, this.#lines.length - tailLines)
    return this.#first + Math.max(bySince, byTail)
  }

  #more(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        signal.removeEventListener('abort', done)
        this.#waiting.delete(done)
        resolve()
      }
      this.#waiting.add(done)
      signal.addEventListener('abort', done, { once: true })
    })
  }

  #wake(): void {
    for (const done of this.#waiting) done()
  }
}

function format({ at, text }: Line, timestamps: boolean): string {
  return timestamps ? `${new Date(at).toISOString().replace('Z', '000000Z')} ${text}\n` : `${text}\n`
}
