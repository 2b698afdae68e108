import type { Socket } from 'node:net'
import { workspaceError } from '../../../protocol/errors/workspace.ts'
import type { ShellSpec } from '../shell-spec.ts'
import { type FromHost, HOST_PROTOCOL_VERSION, type HostTerminal, type ToHost } from './messages.ts'
import type { RunState } from './runs.ts'
import { connectToHost, type TerminalHostPlace } from './start.ts'
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

const STOP_MILLISECONDS = 1000

type Pending = { resolve: (terminal: HostTerminal) => void; reject: (error: Error) => void }

/** The server's side of the terminal host: found by its socket, started when it is not there, replaced when it died. */
export class TerminalHostConnection {
  readonly #place: TerminalHostPlace
  readonly #terminals = new Map<number, HostTerminal>()
  readonly #listeners = new Map<string, Set<SessionTerminalsListener>>()
  readonly #viewers = new Map<number, ViewerListener>()
  readonly #pending = new Map<number, Pending>()
  #wire: Wire<FromHost, ToHost> | undefined
  #connecting: Promise<Wire<FromHost, ToHost>> | undefined
  #counter = 1
  #stopped: (() => void) | undefined
  #closed = false

  constructor(place: TerminalHostPlace) {
    this.#place = place
  }

  /** Finds or starts the host. Every other call does so by itself; at the server's start it makes the first session faster. */
  async ready(): Promise<void> {
    await this.#connected()
  }

  /** Terminals of a session in the order in which they were opened. */
  list(session: string): HostTerminal[] {
    return [...this.#terminals.values()].filter((terminal) => terminal.session === session)
  }

  belongs(terminal: number, session: string): boolean {
    return this.#terminals.get(terminal)?.session === session
  }

  async open(session: string, name: string, shell: ShellSpec, columns: number, rows: number): Promise<HostTerminal> {
    const wire = await this.#connected()
    const request = this.#counter++
    return new Promise((resolve, reject) => {
      this.#pending.set(request, { resolve, reject })
      wire.send({ type: 'open', request, session, name, shell, columns, rows })
    })
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
    const viewer = this.#counter++
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

  /** Lets go of the host, which goes on without this server. */
  [Symbol.dispose](): void {
    this.#closed = true
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

  #connected(): Promise<Wire<FromHost, ToHost>> {
    if (this.#wire !== undefined) return Promise.resolve(this.#wire)
    this.#connecting ??= this.#connect().finally(() => (this.#connecting = undefined))
    return this.#connecting
  }

  async #connect(): Promise<Wire<FromHost, ToHost>> {
    for (;;) {
      const socket = await connectToHost(this.#place)
      const wire = await this.#greet(socket)
      if (wire !== undefined) return wire
    }
  }

  /** Undefined when the host is of another version and was asked to end: the next one will be ours. */
  #greet(socket: Socket): Promise<Wire<FromHost, ToHost> | undefined> {
    return new Promise((resolve, reject) => {
      let greeted = false
      const wire: Wire<FromHost, ToHost> = new Wire(socket, {
        message: (message) => {
          if (message.type !== 'welcome') return this.#message(message)
          if (message.version !== HOST_PROTOCOL_VERSION) return wire.send({ type: 'stop' })
          greeted = true
          this.#wire = wire
          this.#terminals.clear()
          for (const terminal of message.terminals) this.#terminals.set(terminal.number, terminal)
          resolve(wire)
        },
        frame: (viewer, frame) => this.#viewers.get(viewer)?.frame(frame),
        closed: (error) => {
          if (greeted) this.#lost()
          else if (error === undefined) resolve(undefined)
          else reject(error)
        },
      })
      wire.send({ type: 'hello', version: HOST_PROTOCOL_VERSION })
    })
  }

  #message(message: Exclude<FromHost, { type: 'welcome' }>): void {
    switch (message.type) {
      case 'opened':
        this.#terminals.set(message.terminal.number, message.terminal)
        this.#tell(message.terminal.session)
        return this.#settle(message.request)?.resolve(message.terminal)
      case 'refused':
        return this.#settle(message.request)?.reject(workspaceError('TERMINAL_LIMIT', { reason: message.reason }))
      case 'terminal': {
        const runs = this.#terminals.get(message.terminal.number)?.runs ?? []
        this.#terminals.set(message.terminal.number, { ...message.terminal, runs })
        return this.#tell(message.terminal.session)
      }
      case 'closed': {
        const session = this.#terminals.get(message.terminal)?.session
        this.#terminals.delete(message.terminal)
        return session === undefined ? undefined : this.#tell(session)
      }
      case 'run':
        return this.#run(message.terminal, message.run)
      case 'replay':
        return this.#viewers.get(message.viewer)?.replay(message.terminal, message.offset, message.end)
      case 'typed':
        return this.#viewers.get(message.viewer)?.typed(message.terminal, message.sequence)
    }
  }

  #settle(request: number): Pending | undefined {
    const pending = this.#pending.get(request)
    this.#pending.delete(request)
    return pending
  }

  #run(number: number, run: RunState): void {
    const terminal = this.#terminals.get(number)
    if (terminal === undefined) return
    terminal.runs = [...terminal.runs.filter((other) => other.key !== run.key), run]
    for (const listener of this.#listeners.get(terminal.session) ?? []) listener.run(number, run)
  }

  #tell(session: string, lost = false): void {
    const terminals = this.list(session)
    for (const listener of this.#listeners.get(session) ?? []) listener.terminals(terminals, lost)
  }

  #lost(): void {
    this.#wire = undefined
    const sessions = new Set([...this.#terminals.values()].map((terminal) => terminal.session))
    this.#terminals.clear()
    for (const { reject } of this.#pending.values()) reject(workspaceError('TERMINALS_LOST'))
    this.#pending.clear()
    this.#stopped?.()
    if (this.#closed) return
    for (const session of sessions) this.#tell(session, true)
    // A new one at once, so that the next terminal opens without a wait; failing is said when it is asked for.
    this.#connected().catch(() => {})
  }
}
