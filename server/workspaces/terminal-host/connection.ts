import type { Socket } from 'node:net'
import * as v from 'valibot'
import { LabwrightError } from '../../../protocol/errors/error.ts'
import { workspaceError } from '../../../protocol/errors/workspace.ts'
import { frameHead } from '../../../protocol/live-frames.ts'
import { OUTPUT } from '../../../protocol/live.ts'
import type { RunResult } from '../provider.ts'
import type { ShellSpec } from '../shell-spec.ts'
import { type FromHost, fromHost, HOST_PROTOCOL_VERSION, type HostTerminal, type ToHost } from './messages.ts'
import { Requests } from './requests.ts'
import type { RunState } from './runs.ts'
import { Wire } from './wire.ts'

/** What the pages of a session are told. */
export interface SessionTerminalsListener {
  /** `lost` when the host died and took the shells along. */
  terminals(terminals: HostTerminal[], lost: boolean): void
  run(terminal: number, run: RunState): void
}

/** What one page gets of the terminals that it is attached to. */
export interface ViewerListener {
  /** Output as a page gets it: encoded, nothing of it was copied or changed on its way. */
  frame(frame: Uint8Array): void
  replay(terminal: number, offset: number, end: number): void
  typed(terminal: number, sequence: number): void
}

export interface Viewer extends Disposable {
  attach(terminal: number, offset: number): void
  /** Input or acknowledgement as the page sent it; the caller has made sure that it is a frame, and whose. */
  frame(frame: Uint8Array): void
  resize(terminal: number, columns: number, rows: number): void
}

/** A way to a host. */
export interface HostLink {
  /** A new connection; starts the host where that can be done, else waits until it calls. */
  connect(): Promise<Socket>
  /** Nothing waits any more. */
  close?(): void
  /**
   * The session of a host that its learner could have put in the place of ours: whatever it says is said of that session alone, within
   * bounds. Such a host is not told to stop when it is of another version.
   */
  confinedTo?: string
  /** Told of such a host that is of another version. */
  outdated?(): void
}

const STOP_MILLISECONDS = 1000
/** Until a host is connected. Where it has to be started, that ends sooner. */
const CALL_MILLISECONDS = 20_000
/** Of one who owes its greeting. */
const GREETING_MILLISECONDS = 5000
/** Ours opens sixteen. */
const MOST_CONFINED_TERMINALS = 32
const TOO_MANY = 'has more terminals than it may'
/** Beyond the limit of a script itself. */
const ANSWER_MILLISECONDS = 20_000

type HostWire = Wire<FromHost, ToHost>

/** The server's side of a terminal host: found by its socket, replaced when it died. */
export class TerminalHostConnection {
  readonly #link: HostLink
  readonly #terminals = new Map<number, HostTerminal>()
  readonly #listeners = new Map<string, Set<SessionTerminalsListener>>()
  readonly #viewers = new Map<number, ViewerListener>()
  readonly #requests = new Requests()
  #wire: HostWire | undefined
  /** The one that owes its greeting. */
  #greeting: HostWire | undefined
  #connecting: Promise<HostWire> | undefined
  #viewerCount = 0
  #stopped: (() => void) | undefined
  /** Why the last one that called was sent away. */
  #failure: Error | undefined
  #closed = false

  constructor(link: HostLink) {
    this.#link = link
  }

  /** Finds or starts the host. Every other call does so by itself; at the server's start it makes the first session faster. */
  async ready(): Promise<void> {
    await this.#soon()
  }

  /** Terminals of a session in the order in which they were opened. */
  list(session: string): HostTerminal[] {
    return [...this.#terminals.values()].filter((terminal) => terminal.session === session)
  }

  belongs(terminal: number, session: string): boolean {
    return this.#terminals.get(terminal)?.session === session
  }

  async open(session: string, name: string, shell: ShellSpec, columns: number, rows: number): Promise<HostTerminal> {
    try {
      const { terminal } = await this.#ask({ type: 'open', session, name, shell, columns, rows }, 'opened')
      return this.#terminals.get(terminal.number) ?? terminal
    } catch (error) {
      throw error instanceof LabwrightError
        ? error
        : workspaceError('TERMINAL_LIMIT', { reason: (error as Error).message }, error)
    }
  }

  /** Writes a file below the home of a host that has one. @throws HostRefusal */
  async write(path: string, text: string, { mode, ifMissing }: { mode: number; ifMissing: boolean }): Promise<void> {
    await this.#ask({ type: 'write', path, text, mode, ifMissing }, 'written')
  }

  /** Runs a program without a terminal. @throws HostRefusal */
  async script(
    shell: ShellSpec,
    { timeoutMilliseconds, signal }: { timeoutMilliseconds: number; signal?: AbortSignal },
  ): Promise<RunResult> {
    const ask = { type: 'script', shell, timeoutMilliseconds } as const
    const { exitCode, output, timedOut } = await this.#ask(
      ask,
      'ran',
      timeoutMilliseconds + ANSWER_MILLISECONDS,
      signal,
    )
    return { exitCode, output, timedOut }
  }

  close(terminal: number): void {
    this.#wire?.send({ type: 'close', terminal })
  }

  rename(terminal: number, name: string): void {
    this.#wire?.send({ type: 'rename', terminal, name })
  }

  run(terminal: number, key: string, text: string, interrupt: boolean): void {
    this.#wire?.send({ type: 'run', terminal, key, text, interrupt })
  }

  /** Ends all shells of a session. */
  async closeSession(session: string): Promise<void> {
    const wire = await this.#connected()
    wire.send({ type: 'closeSession', session })
  }

  watch(session: string, listener: SessionTerminalsListener): Disposable {
    const listeners = this.#listeners.get(session) ?? new Set()
    this.#listeners.set(session, listeners.add(listener))
    return {
      [Symbol.dispose]: () => {
        listeners.delete(listener)
        if (listeners.size === 0) this.#listeners.delete(session)
      },
    }
  }

  /** A page's eye on terminals. `page` is its own name, by which repeated input is recognised. */
  viewer(page: string, listener: ViewerListener): Viewer {
    const viewer = (this.#viewerCount += 1)
    this.#viewers.set(viewer, listener)
    return {
      attach: (terminal, offset) => this.#wire?.send({ type: 'attach', viewer, page, terminal, offset }),
      frame: (frame) => this.#wire?.sendFrame(viewer, frame),
      resize: (terminal, columns, rows) => this.#wire?.send({ type: 'resize', viewer, terminal, columns, rows }),
      [Symbol.dispose]: () => {
        this.#viewers.delete(viewer)
        this.#wire?.send({ type: 'detach', viewer })
      },
    }
  }

  /** The host is another one now: the next is waited for. */
  hangUp(): void {
    this.#wire?.[Symbol.dispose]()
  }

  /** Lets go of the host, which goes on without this server. */
  [Symbol.dispose](): void {
    this.#closed = true
    this.#link.close?.()
    this.#greeting?.[Symbol.dispose]()
    this.#wire?.[Symbol.dispose]()
  }

  /** Ends the host and every shell in it; resolves when it has let go, or after a second. */
  async stop(): Promise<void> {
    const wire = await this.#connected()
    this.#closed = true
    await new Promise<void>((resolve) => {
      const late = setTimeout(resolve, STOP_MILLISECONDS)
      this.#stopped = () => {
        clearTimeout(late)
        resolve()
      }
      wire.send({ type: 'stop' })
    })
    wire[Symbol.dispose]()
  }

  async #ask<T extends Answer['type']>(
    ask: Asked,
    answer: T,
    milliseconds = ANSWER_MILLISECONDS,
    signal?: AbortSignal,
  ): Promise<Extract<FromHost, { type: T }>> {
    const wire = await this.#soon()
    const { request, answered } = this.#requests.add(answer, milliseconds)
    const cancel = () => wire.send({ type: 'cancel', request })
    wire.send({ ...ask, request })
    if (signal?.aborted === true) cancel()
    signal?.addEventListener('abort', cancel, { once: true })
    try {
      return (await answered) as Extract<FromHost, { type: T }>
    } finally {
      signal?.removeEventListener('abort', cancel)
    }
  }

  /** @throws TERMINALS_SILENT when the host does not call in time */
  #soon(): Promise<HostWire> {
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => {
        const reason = this.#failure?.message ?? `it did not call within ${CALL_MILLISECONDS / 1000} s`
        reject(workspaceError('TERMINALS_SILENT', { reason }, this.#failure))
      }, CALL_MILLISECONDS)
      this.#connected()
        .then(resolve, reject)
        .finally(() => clearTimeout(late))
    })
  }

  #connected(): Promise<HostWire> {
    if (this.#wire !== undefined) return Promise.resolve(this.#wire)
    this.#connecting ??= this.#connect().finally(() => (this.#connecting = undefined))
    return this.#connecting
  }

  async #connect(): Promise<HostWire> {
    for (;;) {
      const socket = this.#closed ? undefined : await this.#link.connect()
      if (this.#closed) socket?.destroy()
      if (this.#closed || socket === undefined) throw new Error('the server let go of its terminals')
      try {
        const wire = await this.#greet(socket)
        if (wire !== undefined) return wire
      } catch (error) {
        // Somebody else in the container called, or one that is broken: the right one may still come.
        if (!this.#isConfined) throw error
        this.#failure = error as Error
      }
    }
  }

  get #isConfined(): boolean {
    return this.#link.confinedTo !== undefined
  }

  /** Undefined when the host is of another version and was asked to end: the next one will be ours. */
  #greet(socket: Socket): Promise<HostWire | undefined> {
    return new Promise((resolve, reject) => {
      let greeted = false
      const options = { parse: (value: unknown) => v.parse(fromHost, value), isTrusted: !this.#isConfined }
      const late = this.#isConfined
        ? setTimeout(() => wire.refuse('did not say who it is'), GREETING_MILLISECONDS)
        : undefined
      const wire: HostWire = new Wire<FromHost, ToHost>(socket, options, {
        message: (message) => {
          if (message.type !== 'welcome') return greeted ? this.#message(wire, message) : undefined
          if (greeted) return
          if (message.version !== HOST_PROTOCOL_VERSION) {
            if (!this.#isConfined) return wire.send({ type: 'stop' })
            wire.refuse('is of another version of Labwright')
            return this.#link.outdated?.()
          }
          // Before anything of it is kept: one that was refused leaves nothing behind.
          if (this.#isConfined && message.terminals.length > MOST_CONFINED_TERMINALS) return wire.refuse(TOO_MANY)
          clearTimeout(late)
          greeted = true
          this.#greeting = undefined
          this.#failure = undefined
          this.#wire = wire
          this.#terminals.clear()
          for (const terminal of message.terminals) this.#keep(wire, terminal)
          // Pages may have come before the host did.
          for (const session of this.#sessions()) this.#tell(session)
          resolve(wire)
        },
        frame: (viewer, frame) => this.#frame(viewer, frame),
        closed: (error) => {
          clearTimeout(late)
          if (this.#greeting === wire) this.#greeting = undefined
          if (greeted) this.#lost(error)
          else if (error === undefined && !this.#isConfined) resolve(undefined)
          else reject(error ?? new Error('it hung up'))
        },
      })
      this.#greeting = wire
      wire.send({ type: 'hello', version: HOST_PROTOCOL_VERSION })
    })
  }

  #frame(viewer: number, frame: Buffer): void {
    const { opcode, terminal } = frameHead(frame)!
    if (opcode === OUTPUT && this.#terminals.has(terminal)) this.#viewers.get(viewer)?.frame(frame)
  }

  /** What a confined host says of a terminal is said of its own session. */
  #keep(wire: HostWire, { session, ...terminal }: HostTerminal): void {
    this.#terminals.set(terminal.number, { ...terminal, session: this.#link.confinedTo ?? session })
    if (this.#isConfined && this.#terminals.size > MOST_CONFINED_TERMINALS) wire.refuse(TOO_MANY)
  }

  #message(wire: HostWire, message: Exclude<FromHost, { type: 'welcome' }>): void {
    switch (message.type) {
      case 'opened':
        this.#keep(wire, message.terminal)
        this.#tell(this.#terminals.get(message.terminal.number)?.session)
        return this.#requests.settle(message)
      case 'refused':
      case 'written':
      case 'ran':
        return this.#requests.settle(message)
      case 'terminal': {
        const runs = this.#terminals.get(message.terminal.number)?.runs ?? []
        this.#keep(wire, { ...message.terminal, runs })
        return this.#tell(this.#terminals.get(message.terminal.number)?.session)
      }
      case 'closed': {
        const session = this.#terminals.get(message.terminal)?.session
        this.#terminals.delete(message.terminal)
        return this.#tell(session)
      }
      case 'run':
        return this.#run(message.terminal, message.run)
      case 'replay':
        return this.#viewers.get(message.viewer)?.replay(message.terminal, message.offset, message.end)
      case 'typed':
        return this.#viewers.get(message.viewer)?.typed(message.terminal, message.sequence)
    }
  }

  #run(number: number, run: RunState): void {
    const terminal = this.#terminals.get(number)
    if (terminal === undefined) return
    terminal.runs = [...terminal.runs.filter((other) => other.key !== run.key), run].slice(-MOST_REMEMBERED_RUNS)
    for (const listener of this.#listeners.get(terminal.session) ?? []) listener.run(number, run)
  }

  #sessions(): Set<string> {
    return new Set([...this.#terminals.values()].map(({ session }) => session))
  }

  #tell(session: string | undefined, lost = false): void {
    if (session === undefined) return
    const terminals = this.list(session)
    for (const listener of this.#listeners.get(session) ?? []) listener.terminals(terminals, lost)
  }

  #lost(reason: Error | undefined): void {
    this.#wire = undefined
    this.#failure = reason
    const sessions = this.#sessions()
    this.#terminals.clear()
    this.#requests.rejectAll(workspaceError('TERMINALS_LOST'))
    this.#stopped?.()
    if (this.#closed) return
    for (const session of sessions) this.#tell(session, true)
    // A new one at once, so that the next terminal opens without a wait; failing is said when it is asked for.
    this.#connected().catch(() => {})
  }
}

const MOST_REMEMBERED_RUNS = 200

type Asked = DistributiveOmit<Extract<ToHost, { type: 'open' | 'write' | 'script' }>, 'request'>
type Answer = Extract<FromHost, { type: 'opened' | 'written' | 'ran' }>
type DistributiveOmit<T, K extends keyof T> = T extends unknown ? Omit<T, K> : never
