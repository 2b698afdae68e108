import type { Clock } from '../../../protocol/clock.ts'
import type { Mark } from './marks.ts'
import { withoutPasteMarks } from './paste.ts'

/** After Ctrl-C the prompt comes within milliseconds; a program that ignores it gets the text after this. */
const INTERRUPT_MILLISECONDS = 2000
const MAX_REMEMBERED_RUNS = 200

const INTERRUPT = '\u0003'
/** To the end of the line, then kill it: clears half-typed text without the `^C` that an interrupt leaves behind. */
const CLEAR_LINE = '\u0005\u0015'

export interface RunState {
  key: string
  state: 'queued' | 'running' | 'done'
  exitCode?: number
  milliseconds?: number
}

interface Wanted {
  key: string
  text: string
}

/**
 * Types the lesson's commands at the shell's prompt and learns from the shell's marks when each began and ended. While something
 * else runs, a command waits; asked for a second time, it is typed at once (a nested shell shows no marks of its own).
 */
export class CommandRunner {
  readonly #type: (text: string) => void
  readonly #changed: (run: RunState) => void
  readonly #clock: Clock
  readonly #runs = new Map<string, RunState>()
  #queue: Wanted[] = []
  /** `seen`: the shell began it. `over`: the shell told of an end before that, so it was no command. */
  #running: { key: string; since: number; seen: boolean; over: boolean } | undefined
  #atPrompt = false
  #typedAtPrompt = false
  #bracketed = false
  #interrupted: Disposable | undefined

  constructor(type: (text: string) => void, changed: (run: RunState) => void, clock: Clock) {
    this.#type = type
    this.#changed = changed
    this.#clock = clock
  }

  /** What is known of the commands that were asked for, oldest first. */
  get runs(): RunState[] {
    return [...this.#runs.values()]
  }

  run(key: string, text: string, interrupt: boolean): void {
    const waits = this.#queue.some((wanted) => wanted.key === key)
    this.#queue = this.#queue.filter((wanted) => wanted.key !== key)
    if (this.#atPrompt || waits) return this.#start({ key, text })
    this.#queue.push({ key, text })
    this.#say({ key, state: 'queued' })
    if (interrupt) this.#interrupt()
  }

  /** The learner typed: what stands at the prompt must be cleared before a command is typed there. */
  typed(bytes: Uint8Array): void {
    if (this.#atPrompt) this.#typedAtPrompt = !(bytes.length === 1 && bytes[0] === 0x03)
  }

  mark(mark: Mark): void {
    if (mark.kind === 'bracketed') this.#bracketed = mark.on
    else if (mark.kind === 'started') this.#started()
    else if (mark.kind === 'ended') this.#ended(mark.exitCode)
    else if (mark.kind === 'ready') this.#ready()
  }

  /** The shell is gone: what waited or ran never ends visibly. */
  stop(): void {
    this.#interrupted?.[Symbol.dispose]()
    for (const wanted of this.#queue) this.#say({ key: wanted.key, state: 'done' })
    this.#queue = []
    if (this.#running !== undefined) this.#say({ key: this.#running.key, state: 'done' })
    this.#running = undefined
    this.#atPrompt = false
  }

  #interrupt(): void {
    this.#type(INTERRUPT)
    this.#interrupted?.[Symbol.dispose]()
    this.#interrupted = this.#clock.after(INTERRUPT_MILLISECONDS, () => this.#next())
  }

  #start(wanted: Wanted): void {
    const text = withoutPasteMarks(wanted.text).replaceAll('\r\n', '\n').replace(/\n+$/, '')
    const clear = this.#atPrompt && this.#typedAtPrompt ? CLEAR_LINE : ''
    const typed = text.includes('\n') && this.#bracketed ? `\u001B[200~${text}\u001B[201~` : text.replaceAll('\n', '\r')
    if (this.#running !== undefined) this.#say({ key: this.#running.key, state: 'done' })
    this.#running = { key: wanted.key, since: this.#clock.monotonic(), seen: false, over: false }
    this.#atPrompt = false
    this.#typedAtPrompt = false
    this.#say({ key: wanted.key, state: 'running' })
    this.#type(`${clear}${typed}\r`)
  }

  #started(): void {
    this.#atPrompt = false
    if (this.#running !== undefined) this.#running.seen = true
  }

  /** An end without a beginning is not a command's: an empty line, or Ctrl-C at the prompt. */
  #ended(exitCode: number | undefined): void {
    const running = this.#running
    if (running === undefined) return
    if (!running.seen) {
      running.over = true
      return
    }
    this.#running = undefined
    const milliseconds = Math.round(this.#clock.monotonic() - running.since)
    this.#say({ key: running.key, state: 'done', milliseconds, ...(exitCode === undefined ? {} : { exitCode }) })
  }

  #ready(): void {
    // Readline draws its prompt again when what was pasted wraps: only a prompt after an end is a new one.
    if (this.#running !== undefined && !this.#running.seen && !this.#running.over) return
    this.#atPrompt = true
    this.#typedAtPrompt = false
    if (this.#running !== undefined && !this.#running.seen) {
      this.#say({ key: this.#running.key, state: 'done' })
      this.#running = undefined
    }
    this.#next()
  }

  #next(): void {
    this.#interrupted?.[Symbol.dispose]()
    this.#interrupted = undefined
    const wanted = this.#queue.shift()
    if (wanted !== undefined) this.#start(wanted)
  }

  #say(run: RunState): void {
    this.#runs.delete(run.key)
    this.#runs.set(run.key, run)
    const [oldest] = this.#runs.keys()
    if (this.#runs.size > MAX_REMEMBERED_RUNS && oldest !== undefined) this.#runs.delete(oldest)
    this.#changed(run)
  }
}
