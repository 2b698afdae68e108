/** What the shell said about itself in its output (OSC 133), and whether it reads pastes in brackets (mode 2004). */
export type Mark =
  { kind: 'ready' } | { kind: 'started' } | { kind: 'ended'; exitCode?: number } | { kind: 'bracketed'; on: boolean }

const ESCAPE = 0x1b
const MAX_SEQUENCE_BYTES = 32

const words: Record<string, Mark> = {
  '[?2004h': { kind: 'bracketed', on: true },
  '[?2004l': { kind: 'bracketed', on: false },
  ']133;B': { kind: 'ready' },
  ']133;C': { kind: 'started' },
  ']133;D': { kind: 'ended' },
}

/** Finds marks in output that comes in pieces; a sequence may be cut anywhere. Anybody can print them: a courtesy, never evidence. */
export class MarkScanner {
  #pending: string | undefined

  scan(chunk: Buffer): Mark[] {
    const marks: Mark[] = []
    let at = 0
    for (;;) {
      if (this.#pending === undefined) {
        at = chunk.indexOf(ESCAPE, at)
        if (at < 0) return marks
        this.#pending = ''
        at++
      }
      if (at >= chunk.length) return marks
      at = this.#take(chunk, at, marks)
    }
  }

  #take(chunk: Buffer, from: number, marks: Mark[]): number {
    for (let at = from; at < chunk.length; at++) {
      const byte = chunk[at] ?? 0
      const text = this.#pending ?? ''
      const ends = text.startsWith(']') ? byte === 0x07 || byte === ESCAPE : false
      if (ends) {
        this.#finish(text, marks)
        return at + 1
      }
      if (byte === ESCAPE || text.length >= MAX_SEQUENCE_BYTES) {
        this.#pending = undefined
        return byte === ESCAPE ? at : at + 1
      }
      this.#pending = text + String.fromCharCode(byte)
      const first = this.#pending[0]
      if (first !== ']' && first !== '[') {
        this.#pending = undefined
        return at + 1
      }
      if (first === '[' && this.#pending.length > 1 && byte >= 0x40 && byte <= 0x7e) {
        this.#finish(this.#pending, marks)
        return at + 1
      }
    }
    return chunk.length
  }

  #finish(text: string, marks: Mark[]): void {
    this.#pending = undefined
    const code = /^\]133;D;(\d{1,3})$/.exec(text)?.[1]
    const mark = code === undefined ? words[text] : { kind: 'ended' as const, exitCode: Number(code) }
    if (mark !== undefined) marks.push(mark)
  }
}
