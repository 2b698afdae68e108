import { REPLAY_BYTES } from '../../../protocol/live.ts'
import type { Clock } from '../../../protocol/clock.ts'
import type { ShellSpec } from '../shell-spec.ts'
import { MarkScanner } from './marks.ts'
import type { HostTerminal } from './messages.ts'
import { withoutInnerPasteMarks } from './paste.ts'
import { openPty, type Pty } from './pty.ts'
import { OutputRing } from './ring.ts'
import { CommandRunner, type RunState } from './runs.ts'
import { ViewerWindow } from './window.ts'

/** Twice what a page may ask for, so that a page in mid-replay is not overtaken at once. */
const RING_BYTES = 2 * REPLAY_BYTES
/** The first bytes after a pause go at once, the rest of a burst in batches: a key's echo is not kept waiting, a flood is few frames. */
const BATCH_MILLISECONDS = 4
const BATCH_BYTES = 64 * 1024
const MAX_PAGES_REMEMBERED = 64
const CONFIRM_MILLISECONDS = 50

/** A page that looks at the terminal. */
export interface TerminalViewer {
  output(offset: number, bytes: Buffer): void
  replay(offset: number, end: number): void
  typed(sequence: number): void
}

export interface TerminalEvents {
  changed(): void
  run(run: RunState): void
}

interface Attached {
  viewer: TerminalViewer
  window: ViewerWindow
  page: string
  /** Highest input number that is to be confirmed soon. */
  confirmed?: number | undefined
}

/** One pty, its last output, and the pages that look at it. The page that typed last drives: the pty waits for its window alone. */
export class Terminal {
  readonly number: number
  readonly session: string
  name: string
  readonly #events: TerminalEvents
  readonly #clock: Clock
  readonly #ring = new OutputRing(RING_BYTES)
  readonly #scanner = new MarkScanner()
  readonly #runner: CommandRunner
  readonly #pty: Pty
  readonly #attached = new Map<number, Attached>()
  /** Number of the last input that was taken of each page: a retry is not typed twice, and nothing is left out. */
  readonly #sequences = new Map<string, number>()
  #driver: number | undefined
  #exitCode: number | undefined
  #batch: Disposable | undefined
  #batched = 0
  #paused = false
  #size: string

  constructor(
    of: { number: number; session: string; name: string; shell: ShellSpec; columns: number; rows: number },
    events: TerminalEvents,
    clock: Clock,
  ) {
    this.number = of.number
    this.session = of.session
    this.name = of.name
    this.#events = events
    this.#clock = clock
    this.#size = `${of.columns}x${of.rows}`
    this.#runner = new CommandRunner(
      (text) => this.#pty.write(Buffer.from(text)),
      (run) => events.run(run),
      clock,
    )
    this.#pty = openPty(
      of.shell,
      of.columns,
      of.rows,
      { output: (bytes) => this.#output(bytes), exit: (code) => this.#exit(code) },
      clock,
    )
  }

  describe(): HostTerminal {
    return {
      number: this.number,
      session: this.session,
      name: this.name,
      runs: this.#runner.runs,
      ...(this.#exitCode === undefined ? {} : { exitCode: this.#exitCode }),
    }
  }

  /** Shows the terminal to a page that has its output up to `offset`; what is gone from the ring is gone. */
  attach(id: number, page: string, viewer: TerminalViewer, offset: number): void {
    const known = offset <= this.#ring.end ? offset : 0
    const from = Math.max(known, this.#ring.start, this.#ring.end - REPLAY_BYTES)
    this.#attached.set(id, { viewer, page, window: new ViewerWindow(from) })
    this.#driver ??= id
    viewer.replay(from, this.#ring.end)
    this.#pump()
  }

  detach(id: number): void {
    this.#attached.delete(id)
    if (this.#driver === id) this.#driver = [...this.#attached.keys()].at(-1)
    this.#pump()
  }

  /**
   * Takes the next input of a page. One that comes after a refused one is refused as well, so that nothing is ever missing in the
   * middle: the page sends again what is not confirmed.
   */
  input(id: number, sequence: number, bytes: Uint8Array): void {
    const from = this.#attached.get(id)
    if (from === undefined) return
    this.#driver = id
    // A page sends in order: the first that is heard of one tells where it stands.
    const last = this.#sequences.get(from.page) ?? sequence - 1
    if (sequence > last + 1) return
    if (sequence === last + 1) {
      const clean = withoutInnerPasteMarks(Buffer.from(bytes))
      const isTaken = this.#exitCode !== undefined || this.#pty.write(clean)
      this.#remember(from.page, isTaken ? sequence : last)
      if (!isTaken) return
      this.#runner.typed(clean)
    }
    this.#confirm(from, sequence)
  }

  acknowledge(id: number, offset: number): void {
    this.#attached.get(id)?.window.acknowledge(offset)
    this.#pump()
  }

  resize(id: number, columns: number, rows: number): void {
    const size = `${columns}x${rows}`
    if (size === this.#size || this.#exitCode !== undefined || !this.#attached.has(id)) return
    this.#size = size
    this.#driver = id
    this.#pty.resize(columns, rows)
  }

  run(key: string, text: string, interrupt: boolean): void {
    if (this.#exitCode === undefined) this.#runner.run(key, text, interrupt)
  }

  end(): void {
    this.#attached.clear()
    this.#driver = undefined
    this.#pump()
    if (this.#exitCode === undefined) this.#pty.end()
  }

  /** Told a little later, so that a key's echo never waits behind the word that the key has arrived. */
  #confirm(from: Attached, sequence: number): void {
    if (from.confirmed === undefined)
      this.#clock.after(CONFIRM_MILLISECONDS, () => {
        from.viewer.typed(from.confirmed ?? sequence)
        from.confirmed = undefined
      })
    from.confirmed = Math.max(from.confirmed ?? 0, sequence)
  }

  #remember(page: string, sequence: number): void {
    this.#sequences.delete(page)
    this.#sequences.set(page, sequence)
    const [oldest] = this.#sequences.keys()
    if (this.#sequences.size > MAX_PAGES_REMEMBERED && oldest !== undefined) this.#sequences.delete(oldest)
  }

  #output(bytes: Buffer): void {
    this.#ring.append(bytes)
    for (const mark of this.#scanner.scan(bytes)) this.#runner.mark(mark)
    this.#batched += bytes.length
    if (this.#batch !== undefined && this.#batched < BATCH_BYTES) return
    this.#batched = 0
    this.#pump()
    if (this.#batch === undefined) this.#openBatch()
  }

  #openBatch(): void {
    this.#batch = this.#clock.after(BATCH_MILLISECONDS, () => {
      this.#batch = undefined
      if (this.#batched === 0) return
      this.#batched = 0
      this.#openBatch()
      this.#pump()
    })
  }

  /** Sends each page what its window lets through, and lets the pty run or wait. */
  #pump(): void {
    for (const { viewer, window } of this.#attached.values()) {
      if (window.full) continue
      if (window.sent < this.#ring.start) {
        // A page that is too far behind starts anew from what is left.
        const from = Math.max(this.#ring.start, this.#ring.end - REPLAY_BYTES)
        window.skip(from)
        viewer.replay(from, this.#ring.end)
      }
      while (window.room > 0 && window.sent < this.#ring.end) {
        const bytes = this.#ring.read(window.sent, Math.min(BATCH_BYTES, window.room))
        const offset = window.sent
        window.advance(bytes.length)
        viewer.output(offset, bytes)
      }
    }
    const driver = this.#driver === undefined ? undefined : this.#attached.get(this.#driver)
    this.#pauseIf(driver?.window.full === true)
  }

  #pauseIf(wanted: boolean): void {
    if (wanted === this.#paused) return
    this.#paused = wanted
    if (wanted) this.#pty.pause()
    else this.#pty.resume()
  }

  #exit(exitCode: number): void {
    this.#exitCode = exitCode
    this.#runner.stop()
    this.#batched = 0
    this.#pump()
    this.#events.changed()
  }
}
