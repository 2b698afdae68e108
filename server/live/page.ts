import type { Duplex } from 'node:stream'
import * as v from 'valibot'
import type { RawData, WebSocket } from 'ws'
import { LabwrightError } from '../../protocol/errors/error.ts'
import { workspaceError } from '../../protocol/errors/workspace.ts'
import { frameHead } from '../../protocol/live-frames.ts'
import {
  CLOSE_BAD_FRAME,
  CLOSE_NO_SESSION,
  CLOSE_NOT_ALLOWED,
  CLOSE_TOO_SLOW,
  type ClientMessage,
  clientMessage,
  type CommandState,
  INPUT,
  MAX_INPUT_BYTES,
  OUTPUT,
  type ServerMessage,
  type TerminalView,
} from '../../protocol/live.ts'
import type {
  HostTerminal,
  RunState,
  SessionTerminals,
  TerminalHosts,
  Viewer,
} from '../workspaces/terminal-host/index.ts'
import type { LiveSession, LiveSessions } from './contract.ts'
import type { Tickets } from './tickets.ts'
import { writeBinary } from './write-binary.ts'

/** Terminal bytes are bounded by their windows; this bounds all that waits for a page's socket. */
const MAX_UNSENT_BYTES = 12 * 1024 * 1024

type Message<T extends ClientMessage['type']> = Extract<ClientMessage, { type: T }>

export interface PageContext {
  sessions: LiveSessions
  terminals: TerminalHosts
  tickets: Tickets
  log: (error: unknown, about: string) => void
}

/** A run's key names the command in the lesson; it goes through the terminal host as one word. */
const runKey = (step: string, command: string) => JSON.stringify([step, command])

const keySchema = v.pipe(v.string(), v.parseJson(), v.tuple([v.string(), v.string()]))

/** None for a key that is not ours: a host in a container says what its learner wants. */
function commandStates({ key, ...rest }: RunState): CommandState[] {
  const { success, output } = v.safeParse(keySchema, key)
  return success ? [{ step: output[0], command: output[1], ...rest }] : []
}

function terminalView({ number, name, exitCode }: HostTerminal): TerminalView {
  return { number, name, ...(exitCode === undefined ? {} : { exitCode }) }
}

/** One open page: everything that comes over its WebSocket and goes to it. */
export class Page {
  readonly #socket: WebSocket
  /** What the WebSocket runs on: terminal output goes there straight. */
  readonly #stream: Duplex
  readonly #context: PageContext
  readonly #open: Disposable[] = []
  #person = ''
  #session = ''
  #terminals: SessionTerminals | undefined
  #viewer: Viewer | undefined
  readonly #attached = new Set<number>()

  constructor(socket: WebSocket, stream: Duplex, context: PageContext) {
    this.#socket = socket
    this.#stream = stream
    this.#context = context
    socket.on('message', (data, binary) => this.#receive(data, binary))
    socket.on('close', () => this[Symbol.dispose]())
  }

  /** True once its `hello` was accepted. */
  get admitted(): boolean {
    return this.#viewer !== undefined
  }

  [Symbol.dispose](): void {
    for (const each of this.#open.splice(0)) each[Symbol.dispose]()
  }

  #receive(data: RawData, binary: boolean): void {
    // ws hands out one Buffer a message unless it is asked for another form.
    const bytes = data as Buffer
    if (!this.admitted) return binary ? this.#close(CLOSE_BAD_FRAME) : this.#hello(bytes)
    const session = this.#context.sessions.find(this.#session, this.#person)
    if (session === undefined) return this.#close(CLOSE_NO_SESSION)
    if (binary) return this.#frame(bytes)
    const message = this.#parse(bytes)
    if (message === undefined || message.type === 'hello') return this.#close(CLOSE_BAD_FRAME)
    this.#act(session, message).catch((error: unknown) => this.#problem(error))
  }

  #parse(bytes: Buffer): ClientMessage | undefined {
    try {
      const result = v.safeParse(clientMessage, JSON.parse(bytes.toString()))
      return result.success ? result.output : undefined
    } catch {
      return undefined
    }
  }

  #hello(bytes: Buffer): void {
    const hello = this.#parse(bytes)
    if (hello?.type !== 'hello') return this.#close(CLOSE_BAD_FRAME)
    const person = this.#context.tickets.redeem(hello.ticket, hello.session)
    if (person === undefined) return this.#close(CLOSE_NOT_ALLOWED)
    const session = this.#context.sessions.find(hello.session, person)
    if (session === undefined) return this.#close(CLOSE_NO_SESSION)
    this.#person = person
    this.#session = hello.session
    const terminals = this.#context.terminals.of(session.id)
    this.#terminals = terminals
    this.#viewer = terminals.viewer(hello.page, {
      frame: (frame) => this.#output(frame),
      replay: (terminal, offset, end) => this.#send({ type: 'replay', terminal, offset, end }),
      typed: (terminal, sequence) => this.#send({ type: 'typed', terminal, sequence }),
    })
    const list = terminals.list()
    this.#send({
      type: 'welcome',
      view: session.view(),
      terminals: list.map(terminalView),
      commands: list.flatMap((terminal) => terminal.runs.flatMap(commandStates)),
    })
    this.#open.push(
      this.#viewer,
      session.watch((event) => this.#send(event)),
      terminals.watch({
        terminals: (list, lost) => this.#tellTerminals(list, lost),
        run: (_, run) => {
          for (const command of commandStates(run)) this.#send({ type: 'command', command })
        },
      }),
    )
    for (const { number } of list)
      this.#attach(number, hello.terminals.find((known) => known.number === number)?.offset ?? 0)
  }

  #tellTerminals(list: HostTerminal[], lost: boolean): void {
    this.#send({ type: 'terminals', terminals: list.map(terminalView), ...(lost ? { lost } : {}) })
    const numbers = new Set(list.map(({ number }) => number))
    for (const number of this.#attached) if (!numbers.has(number)) this.#attached.delete(number)
    for (const number of numbers) if (!this.#attached.has(number)) this.#attach(number, 0)
  }

  #attach(terminal: number, offset: number): void {
    this.#attached.add(terminal)
    this.#viewer?.attach(terminal, offset)
  }

  #frame(bytes: Buffer): void {
    const head = frameHead(bytes)
    if (head === undefined || head.opcode === OUTPUT) return this.#close(CLOSE_BAD_FRAME)
    if (head.opcode === INPUT && head.payload > MAX_INPUT_BYTES) return this.#close(CLOSE_BAD_FRAME)
    if (this.#owns(head.terminal)) this.#viewer?.frame(bytes)
  }

  #owns(terminal: number): boolean {
    return this.#terminals?.has(terminal) === true
  }

  async #act(session: LiveSession, message: Exclude<ClientMessage, Message<'hello'>>): Promise<void> {
    const terminals = this.#terminals!
    if (message.type === 'ping') return this.#send({ type: 'pong' })
    if (message.type === 'run') return this.#run(session, message)
    if (message.type === 'open') {
      await terminals.open(message.name, session.shell(), message.columns, message.rows)
      return
    }
    // A terminal that another page has just closed is nobody's fault.
    if (!this.#owns(message.terminal)) return
    if (message.type === 'close') terminals.close(message.terminal)
    else if (message.type === 'rename') terminals.rename(message.terminal, message.name)
    else this.#viewer?.resize(message.terminal, message.columns, message.rows)
  }

  /** The page names the command; its text is the lab's. */
  async #run(session: LiveSession, { step, command: id, columns, rows }: Message<'run'>): Promise<void> {
    const command = session.command(step, id)
    if (command === undefined || command.action === 'copy')
      throw workspaceError('COMMAND_UNKNOWN', { command: id, step })
    const terminals = this.#terminals!
    const living = terminals.list().filter((terminal) => terminal.exitCode === undefined)
    const terminal =
      living.find(({ name }) => name === command.terminal) ??
      (await terminals.open(command.terminal, session.shell(), columns, rows))
    terminals.run(terminal.number, runKey(step, id), command.text, command.action === 'interrupt')
  }

  #problem(error: unknown): void {
    if (error instanceof LabwrightError)
      return this.#send({ type: 'problem', code: error.code, sentence: error.message })
    this.#context.log(error, `a message of a page of session ${this.#session}`)
    const sentence = `Something went wrong inside Labwright (${error instanceof Error ? error.message : String(error)}). Try again; the server's log says more.`
    this.#send({ type: 'problem', code: 'INTERNAL', sentence })
  }

  #send(message: ServerMessage): void {
    if (this.#mayWrite()) this.#socket.send(JSON.stringify(message))
  }

  #output(frame: Uint8Array): void {
    if (this.#mayWrite()) writeBinary(this.#stream, frame)
  }

  #mayWrite(): boolean {
    if (this.#socket.readyState !== this.#socket.OPEN) return false
    if (this.#socket.bufferedAmount <= MAX_UNSENT_BYTES) return true
    this.#close(CLOSE_TOO_SLOW)
    return false
  }

  #close(code: number): void {
    this.#socket.close(code)
    // A socket that does not read gets no farewell; it must not hold what waits for it.
    if (code === CLOSE_TOO_SLOW) this.#socket.terminate()
  }
}
