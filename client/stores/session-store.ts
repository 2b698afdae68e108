import { batch, computed, signal } from '@preact/signals'
import type { CommandState, ServerMessage, TerminalView } from '../../protocol/live.ts'
import type { SessionView, StepPage, TaskView } from '../../protocol/session.ts'
import { messages } from '../messages/index.ts'
import { api, ApiError, sentenceOf } from './api.ts'
import { type PageClock, pageClock } from './clock.ts'
import { LiveConnection, type LiveSocket } from './live-connection.ts'
import { PageTurns } from './page-turns.ts'
import { TerminalStream } from './terminal-stream.ts'

export interface SessionStoreOptions {
  id: string
  open: () => LiveSocket
  request?: typeof api
  clock?: PageClock
  online?: () => boolean
}

const commandKey = (step: string, command: string) => `${step} ${command}`

/** One session as this page shows it. Knows nothing of the DOM. */
export class SessionStore {
  readonly id: string
  readonly view = signal<SessionView | undefined>(undefined)
  readonly terminals = signal<TerminalView[]>([])
  /** Number of the terminal in front. */
  readonly current = signal<number | undefined>(undefined)
  readonly commands = signal<ReadonlyMap<string, CommandState>>(new Map())
  readonly steps = signal<ReadonlyMap<string, StepPage>>(new Map())
  /** The newest thing that went wrong, until dismissed. */
  readonly problem = signal<string | undefined>(undefined)
  /** True after the shells were lost, until a new one is open. */
  readonly lost = signal(false)
  /** The newest verdict, for those who hear the page. */
  readonly announcement = signal('')
  /** True while this session is deleted and the next one is made. */
  readonly startingOver = signal(false)
  readonly live: LiveConnection
  readonly connection = computed(() => this.live.state.value)
  readonly #request: typeof api
  readonly #clock: PageClock
  readonly #turns: PageTurns
  readonly #streams = new Map<number, TerminalStream>()
  readonly #page = crypto.randomUUID()
  /** Name of a terminal that was asked for and should come to the front. */
  #wanted: string | undefined
  #openedFirst = false

  constructor({ id, open, request = api, clock = pageClock, online = () => true }: SessionStoreOptions) {
    this.id = id
    this.#request = request
    this.#clock = clock
    this.#turns = new PageTurns((step) => request('POST', `sessions/${id}/steps/${step}`))
    this.live = new LiveConnection({
      open,
      clock,
      online,
      ticket: async () => (await request<{ ticket: string }>('POST', `sessions/${id}/ticket`)).ticket,
      hello: (ticket) => ({ type: 'hello', session: id, ticket, page: this.#page, terminals: this.#offsets() }),
      message: (message) => batch(() => this.#message(message)),
      frame: (frame) => frame.opcode === 1 && this.stream(frame.terminal).output(frame),
    })
  }

  /** The stream of a terminal, made when it is first heard of. */
  stream(number: number): TerminalStream {
    let stream = this.#streams.get(number)
    if (stream === undefined) {
      stream = new TerminalStream(number, (frame) => this.live.sendFrame(frame), this.#clock)
      this.#streams.set(number, stream)
    }
    return stream
  }

  task(id: string): TaskView | undefined {
    return this.view.value?.tasks.find((task) => task.id === id)
  }

  command(step: string, id: string): CommandState | undefined {
    return this.commands.value.get(commandKey(step, id))
  }

  async load(): Promise<void> {
    this.view.value = await this.#request<SessionView>('GET', `sessions/${this.id}`)
    void this.live.connect()
  }

  /** Shows a page of the lesson, and tells the server: which page is open decides which tasks can still be done. */
  async turnTo(step: string): Promise<void> {
    this.#tellTurn(this.#turns.turnTo(step))
    await this.#loadStep(step)
  }

  /** Lesson pages do not change while a session lasts: each is asked for once. */
  async #loadStep(step: string): Promise<void> {
    if (this.steps.value.has(step)) return
    const page = await this.#request<StepPage>('GET', `sessions/${this.id}/steps/${step}`)
    this.steps.value = new Map(this.steps.value).set(step, page)
  }

  openTerminal(columns = 80, rows = 24): void {
    const names = new Set(this.terminals.value.map(({ name }) => name))
    let number = 1
    while (names.has(messages.terminal.defaultName(number))) number++
    this.#wanted = messages.terminal.defaultName(number)
    this.live.send({ type: 'open', name: this.#wanted, columns, rows })
  }

  closeTerminal(terminal: number): void {
    this.live.send({ type: 'close', terminal })
  }

  renameTerminal(terminal: number, name: string): void {
    const trimmed = name.trim().slice(0, 64)
    if (trimmed !== '') this.live.send({ type: 'rename', terminal, name: trimmed })
  }

  /** Size of the terminal in front; the server ignores what is no change. */
  resize(terminal: number, columns: number, rows: number): void {
    const clamp = (value: number) => Math.max(2, Math.min(500, value))
    this.live.send({ type: 'resize', terminal, columns: clamp(columns), rows: clamp(rows) })
  }

  run(step: string, command: string, terminal: string): void {
    const known = this.terminals.value.find(({ name, exitCode }) => name === terminal && exitCode === undefined)
    if (known === undefined) this.#wanted = terminal
    else this.current.value = known.number
    if (!this.live.send({ type: 'run', step, command, columns: 80, rows: 24 }))
      this.problem.value = messages.error.offline
  }

  async check(task: string): Promise<void> {
    await this.#try(() => this.#request('POST', `sessions/${this.id}/tasks/${task}/check`))
  }

  async hint(task: string): Promise<void> {
    await this.#try(async () => {
      const answer = await this.#request<Pick<TaskView, 'hints' | 'nextHintCost'>>(
        'POST',
        `sessions/${this.id}/tasks/${task}/hint`,
      )
      const old = this.task(task)
      if (old === undefined) return
      const { nextHintCost: _, ...rest } = old
      this.#putTask({ ...rest, ...answer })
    })
  }

  /** Returns the path in the workspace, or undefined when it failed (the problem is shown). */
  saveFile(step: string, file: string): Promise<string | undefined> {
    return this.#try(async () => {
      const { path } = await this.#request<{ path: string }>('POST', `sessions/${this.id}/files`, { step, file })
      return path
    })
  }

  async act(action: 'retry' | 'reset' | 'finish' | 'extend'): Promise<void> {
    await this.#try(async () => {
      const view = await this.#request<SessionView | undefined>('POST', `sessions/${this.id}/${action}`)
      if (view !== undefined) this.view.value = view
    })
  }

  /** Deletes this session and starts the lab anew; returns the new session's id. */
  async startOver(): Promise<string | undefined> {
    const lab = this.view.value?.lab.id
    this.startingOver.value = true
    const id = await this.#try(async () => {
      await this.#request('DELETE', `sessions/${this.id}`)
      return (await this.#request<{ id: string }>('POST', 'sessions', { lab })).id
    })
    if (id === undefined) this.startingOver.value = false
    return id
  }

  close(): void {
    this.live.close()
    for (const stream of this.#streams.values()) stream.close()
  }

  /** Without a connection it is told with the next one, and the page says already that there is none. */
  #tellTurn(told: Promise<void>): void {
    told.catch((error: unknown) => {
      if (!(error instanceof ApiError && error.code === 'OFFLINE')) this.problem.value = sentenceOf(error)
    })
  }

  async #try<T>(act: () => Promise<T>): Promise<T | undefined> {
    try {
      return await act()
    } catch (error) {
      this.problem.value = sentenceOf(error)
      return undefined
    }
  }

  #offsets(): { number: number; offset: number }[] {
    return [...this.#streams.values()].map(({ number, received }) => ({ number, offset: received }))
  }

  #message(message: ServerMessage): void {
    switch (message.type) {
      case 'welcome':
        this.view.value = message.view
        this.commands.value = new Map(message.commands.map((state) => [commandKey(state.step, state.command), state]))
        this.#putTerminals(message.terminals)
        for (const stream of this.#streams.values()) stream.resend()
        this.#tellTurn(this.#turns.catchUp())
        return this.#openFirst()
      case 'view':
        this.view.value = message.view
        return this.#openFirst()
      case 'task':
        if (this.view.value !== undefined) this.view.value = { ...this.view.value, points: message.points }
        return this.#putTask(message.task)
      case 'terminals':
        if (message.lost === true) this.lost.value = true
        return this.#putTerminals(message.terminals)
      case 'replay':
        return this.stream(message.terminal).replay(message.offset, message.end)
      case 'typed':
        return this.stream(message.terminal).typed(message.sequence)
      case 'command':
        this.commands.value = new Map(this.commands.value).set(
          commandKey(message.command.step, message.command.command),
          message.command,
        )
        return
      case 'problem':
        this.problem.value = message.sentence
        return
      case 'pong':
    }
  }

  /** A lab without a terminal is no lab: the first opens by itself, once. */
  #openFirst(): void {
    if (this.#openedFirst || this.view.value?.state !== 'ready') return
    this.#openedFirst = true
    if (this.terminals.value.length === 0) this.openTerminal()
  }

  #putTerminals(terminals: TerminalView[]): void {
    const numbers = new Set(terminals.map(({ number }) => number))
    for (const [number, stream] of this.#streams) {
      if (numbers.has(number)) continue
      stream.close()
      this.#streams.delete(number)
    }
    this.terminals.value = terminals
    if (terminals.length > 0) this.lost.value = false
    const wanted = terminals.find(({ name }) => name === this.#wanted)
    if (wanted !== undefined) {
      this.current.value = wanted.number
      this.#wanted = undefined
    } else if (this.current.value === undefined || !numbers.has(this.current.value)) {
      this.current.value = terminals.at(-1)?.number
    }
  }

  #putTask(task: TaskView): void {
    const view = this.view.value
    if (view === undefined) return
    const old = this.task(task.id)
    this.view.value = { ...view, tasks: view.tasks.map((each) => (each.id === task.id ? task : each)) }
    const news = old?.state !== task.state || old.reason !== task.reason
    if (!news || task.state === 'checking' || task.state === 'todo') return
    const reason = task.state === 'met' ? '' : (task.reason ?? '')
    this.announcement.value = messages.task.announce(task.title, messages.task.states[task.state], reason)
  }
}
