/** What the editor tells: a finished line, Ctrl-C on a line, Ctrl-D on an empty one. */
export type LineEvent = { kind: 'line'; text: string } | { kind: 'interrupt' } | { kind: 'end' }

const escape = '\x1b'

/** Edits one line at a prompt, as a shell does on a terminal in raw mode: echo, cursor keys, history. */
export class LineEditor {
  readonly #write: (text: string) => void
  readonly #history: string[]
  #columns = 80
  #prompt = ''
  #text: string[] = []
  #cursor = 0
  /** Row of the cursor below the row where the prompt begins. */
  #row = 0
  #browsing: number
  #draft = ''
  #pending = ''

  /** What control characters and cursor keys do. */
  readonly #actions: Readonly<Record<string, () => void>> = {
    '\x04': () => this.#delete(),
    '\x7f': () => this.#backspace(),
    '\b': () => this.#backspace(),
    '\x01': () => this.#moveTo(0),
    '\x05': () => this.#moveTo(this.#text.length),
    '\x02': () => this.#moveTo(this.#cursor - 1),
    '\x06': () => this.#moveTo(this.#cursor + 1),
    '\x10': () => this.#browse(-1),
    '\x0e': () => this.#browse(1),
    '\x15': () => this.#replace(0, this.#cursor, []),
    '\x0b': () => this.#replace(this.#cursor, this.#text.length, []),
    '\x17': () => this.#replace(this.#wordStart(), this.#cursor, []),
    '\x0c': () => this.#clearScreen(),
    '\x1b[A': () => this.#browse(-1),
    '\x1b[B': () => this.#browse(1),
    '\x1b[C': () => this.#moveTo(this.#cursor + 1),
    '\x1b[D': () => this.#moveTo(this.#cursor - 1),
    '\x1b[H': () => this.#moveTo(0),
    '\x1b[1~': () => this.#moveTo(0),
    '\x1b[F': () => this.#moveTo(this.#text.length),
    '\x1b[4~': () => this.#moveTo(this.#text.length),
    '\x1b[3~': () => this.#delete(),
  }

  constructor(write: (text: string) => void, history: string[]) {
    this.#write = write
    this.#history = history
    this.#browsing = history.length
  }

  resize(columns: number): void {
    // A terminal that does not know its width says 0.
    if (columns > 0) this.#columns = columns
  }

  start(prompt: string): void {
    this.#prompt = prompt
    this.#text = []
    this.#cursor = 0
    this.#row = 0
    this.#browsing = this.#history.length
    this.#write(prompt)
  }

  /** Takes what was typed, up to the first event; `rest` is what was typed after it. */
  feed(input: string): { event?: LineEvent; rest: string } {
    const characters = Array.from(this.#pending + input)
    this.#pending = ''
    for (let i = 0; i < characters.length; i++) {
      const character = characters[i] ?? ''
      if (character === escape) {
        const sequence = readSequence(characters.slice(i))
        if (sequence === undefined) {
          this.#pending = characters.slice(i).join('')
          return { rest: '' }
        }
        this.#actions[sequence.replace(`${escape}O`, `${escape}[`)]?.()
        i += sequence.length - 1
        continue
      }
      const event = this.#control(character)
      if (event !== undefined) {
        const skip = character === '\r' && characters[i + 1] === '\n' ? 2 : 1
        return { event, rest: characters.slice(i + skip).join('') }
      }
    }
    return { rest: '' }
  }

  #control(character: string): LineEvent | undefined {
    if (character === '\r' || character === '\n') return this.#submit()
    if (character === '\x03') {
      this.#moveTo(this.#text.length)
      this.#write('^C\n')
      return { kind: 'interrupt' }
    }
    if (character === '\x04' && this.#text.length === 0) return { kind: 'end' }
    const action = this.#actions[character]
    if (action !== undefined) action()
    else if (character >= ' ') this.#replace(this.#cursor, this.#cursor, [character])
    return undefined
  }

  #submit(): LineEvent {
    this.#moveTo(this.#text.length)
    this.#write('\n')
    const text = this.#text.join('')
    if (text.trim() !== '' && this.#history.at(-1) !== text) this.#history.push(text)
    return { kind: 'line', text }
  }

  #delete(): void {
    if (this.#cursor < this.#text.length) this.#replace(this.#cursor, this.#cursor + 1, [])
  }

  #backspace(): void {
    if (this.#cursor > 0) this.#replace(this.#cursor - 1, this.#cursor, [])
  }

  #clearScreen(): void {
    this.#write('\x1b[H\x1b[2J')
    this.#row = 0
    this.#redraw()
  }

  #wordStart(): number {
    let start = this.#cursor
    while (start > 0 && this.#text[start - 1] === ' ') start--
    while (start > 0 && this.#text[start - 1] !== ' ') start--
    return start
  }

  #browse(step: number): void {
    const to = this.#browsing + step
    if (to < 0 || to > this.#history.length) return
    if (this.#browsing === this.#history.length) this.#draft = this.#text.join('')
    this.#browsing = to
    this.#text = Array.from(this.#history[to] ?? this.#draft)
    this.#cursor = this.#text.length
    this.#redraw()
  }

  #replace(from: number, to: number, by: string[]): void {
    const isAppend = from === this.#text.length
    this.#text.splice(from, to - from, ...by)
    this.#cursor = from + by.length
    const column = (this.#prompt.length + this.#cursor) % this.#columns
    // The common case, typing at the end of the line, costs no more bytes than were typed.
    if (isAppend && by.length > 0 && column !== 0) this.#write(by.join(''))
    else this.#redraw()
  }

  #moveTo(cursor: number): void {
    const to = Math.min(Math.max(cursor, 0), this.#text.length)
    if (to === this.#cursor) return
    this.#cursor = to
    this.#redraw()
  }

  /** Draws prompt and line anew and puts the cursor where it belongs, over as many rows as they take. */
  #redraw(): void {
    const end = this.#prompt.length + this.#text.length
    const at = this.#prompt.length + this.#cursor
    const up = this.#row > 0 ? `${escape}[${this.#row}A` : ''
    const endRow = Math.floor(end / this.#columns)
    const row = Math.floor(at / this.#columns)
    const column = at % this.#columns
    // A line that ends at the margin leaves the cursor there; the line feed takes it to the row it belongs to.
    const wrap = end > 0 && end % this.#columns === 0 ? '\n' : ''
    const back = endRow > row ? `${escape}[${endRow - row}A` : ''
    this.#write(
      `${up}\r${this.#prompt}${this.#text.join('')}${wrap}${escape}[J${back}\r${column > 0 ? `${escape}[${column}C` : ''}`,
    )
    this.#row = row
  }
}

/** One escape sequence at the start of the characters; undefined while it is incomplete. */
function readSequence(characters: readonly string[]): string | undefined {
  const [, second, ...rest] = characters
  if (second === undefined) return undefined
  if (second === 'O') return rest[0] === undefined ? undefined : `${escape}O${rest[0]}`
  if (second !== '[') return `${escape}${second}`
  const end = rest.findIndex((character) => /[@-~]/.test(character))
  return end === -1 ? undefined : `${escape}[${rest.slice(0, end + 1).join('')}`
}
