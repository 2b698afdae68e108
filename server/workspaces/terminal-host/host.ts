import { createServer, type Server, type Socket } from 'node:net'
import { decodeFrame, encodeFrame } from '../../../protocol/live-frames.ts'
import { ACK, INPUT, OUTPUT } from '../../../protocol/live.ts'
import type { Clock } from '../../../protocol/clock.ts'
import { HomeWork } from './home-work.ts'
import { type FromHost, HOST_PROTOCOL_VERSION, type ToHost } from './messages.ts'
import { Terminal } from './terminal.ts'
import { Wire } from './wire.ts'

const MAX_TERMINALS_PER_SESSION = 16

type ServerWire = Wire<ToHost, FromHost>
/** A server's number for a viewer -> the host's own. */
type Viewers = Map<number, number>
type Open = Extract<ToHost, { type: 'open' }>

export interface TerminalHostOptions {
  idle?(this: void, state: 'in use' | 'shells only' | 'empty'): void
  stop(this: void): void
  /** The home that this host may write in; without one it holds terminals alone. */
  home?: string
}

/** Holds the terminals and answers servers on Unix sockets, one after another or (for a moment) two at once. */
export class TerminalHost {
  readonly #clock: Clock
  readonly #terminals = new Map<number, Terminal>()
  readonly #wires = new Set<ServerWire>()
  readonly #server: Server
  /** Seconds since 2026 as the first number: a page that outlived an earlier host can't take its terminals for ours. */
  #nextNumber: number
  #nextViewer = 1
  readonly #options: TerminalHostOptions

  constructor(clock: Clock, options: TerminalHostOptions) {
    this.#clock = clock
    this.#options = options
    this.#nextNumber = Math.max(1, Math.floor((clock.now() - Date.UTC(2026, 0, 1)) / 1000))
    this.#server = createServer((socket) => this.accept(socket))
  }

  listen(path: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen(path, () => resolve())
    })
  }

  close(): void {
    this.#server.close()
    for (const wire of this.#wires) wire[Symbol.dispose]()
    for (const terminal of this.#terminals.values()) terminal.end()
  }

  /** Answers the server at the other end of a socket until it hangs up. */
  accept(socket: Socket): void {
    const viewers: Viewers = new Map()
    // Whoever can open this socket may start programs as this user: there is nothing to protect from it.
    const options = { parse: (message: unknown) => message as ToHost, isTrusted: true }
    const wire: ServerWire = new Wire<ToHost, FromHost>(socket, options, {
      message: (message) => this.#message(wire, viewers, work, message),
      frame: (viewer, frame) => this.#frame(viewers, viewer, frame),
      closed: () => {
        this.#wires.delete(wire)
        for (const viewer of viewers.values()) this.#detach(viewer)
        work?.[Symbol.dispose]()
        this.#idle()
      },
    })
    const { home } = this.#options
    const work = home === undefined ? undefined : new HomeWork(home, (answer) => wire.send(answer))
    this.#wires.add(wire)
    this.#idle()
  }

  #message(wire: ServerWire, viewers: Viewers, work: HomeWork | undefined, message: ToHost): void {
    const terminal = 'terminal' in message ? this.#terminals.get(message.terminal) : undefined
    switch (message.type) {
      case 'hello':
        return wire.send({
          type: 'welcome',
          version: HOST_PROTOCOL_VERSION,
          pid: process.pid,
          terminals: [...this.#terminals.values()].map((each) => each.describe()),
        })
      case 'open':
        return this.#open(wire, message)
      case 'attach':
        return this.#attach(wire, this.#viewer(viewers, message.viewer), message, terminal)
      case 'detach':
        this.#detach(viewers.get(message.viewer))
        viewers.delete(message.viewer)
        return
      case 'resize':
        return terminal?.resize(viewers.get(message.viewer) ?? 0, message.columns, message.rows)
      case 'run':
        return terminal?.run(message.key, message.text, message.interrupt)
      case 'rename':
        if (terminal !== undefined) {
          terminal.name = message.name
          this.#tell(terminal)
        }
        return
      case 'close':
        return this.#end(terminal)
      case 'closeSession':
        for (const each of this.#terminals.values()) if (each.session === message.session) this.#end(each)
        return
      case 'write':
      case 'script':
      case 'cancel':
        return work?.take(message)
      case 'stop':
        return this.#options.stop()
    }
  }

  #open(wire: ServerWire, message: Open): void {
    const { request, type: _, ...of } = message
    const count = [...this.#terminals.values()].filter((each) => each.session === of.session).length
    if (count >= MAX_TERMINALS_PER_SESSION)
      return wire.send({ type: 'refused', request, reason: `${MAX_TERMINALS_PER_SESSION} terminals are open already` })
    try {
      const terminal: Terminal = new Terminal(
        { ...of, number: this.#nextNumber },
        {
          changed: () => this.#tell(terminal),
          run: (run) => this.#broadcast({ type: 'run', terminal: terminal.number, run }),
        },
        this.#clock,
      )
      this.#nextNumber++
      this.#terminals.set(terminal.number, terminal)
      wire.send({ type: 'opened', request, terminal: terminal.describe() })
    } catch (error) {
      wire.send({ type: 'refused', request, reason: error instanceof Error ? error.message : String(error) })
    }
    this.#idle()
  }

  /** Each server numbers its viewers from one; here they get a number of their own. */
  #viewer(viewers: Viewers, theirs: number): number {
    const known = viewers.get(theirs)
    if (known !== undefined) return known
    const ours = this.#nextViewer++
    viewers.set(theirs, ours)
    return ours
  }

  #attach(
    wire: ServerWire,
    id: number,
    message: Extract<ToHost, { type: 'attach' }>,
    terminal: Terminal | undefined,
  ): void {
    const { viewer, page, terminal: number, offset } = message
    terminal?.attach(
      id,
      page,
      {
        output: (offset, bytes) =>
          wire.sendFrame(viewer, encodeFrame({ opcode: OUTPUT, terminal: number, offset, bytes })),
        replay: (offset, end) => wire.send({ type: 'replay', viewer, terminal: number, offset, end }),
        typed: (sequence) => wire.send({ type: 'typed', viewer, terminal: number, sequence }),
      },
      offset,
    )
  }

  #frame(viewers: Viewers, viewer: number, bytes: Buffer): void {
    const id = viewers.get(viewer)
    const frame = decodeFrame(bytes)
    if (id === undefined || frame === undefined) return
    const terminal = this.#terminals.get(frame.terminal)
    if (frame.opcode === INPUT) terminal?.input(id, frame.sequence, frame.bytes)
    else if (frame.opcode === ACK) terminal?.acknowledge(id, frame.offset)
  }

  #end(terminal: Terminal | undefined): void {
    if (terminal === undefined) return
    this.#terminals.delete(terminal.number)
    terminal.end()
    this.#broadcast({ type: 'closed', terminal: terminal.number })
    this.#idle()
  }

  #detach(viewer: number | undefined): void {
    if (viewer === undefined) return
    for (const terminal of this.#terminals.values()) terminal.detach(viewer)
  }

  #tell(terminal: Terminal): void {
    if (!this.#terminals.has(terminal.number)) return
    const { runs: _, ...view } = terminal.describe()
    this.#broadcast({ type: 'terminal', terminal: view })
  }

  #broadcast(message: FromHost): void {
    for (const wire of this.#wires) wire.send(message)
  }

  #idle(): void {
    this.#options.idle?.(this.#wires.size > 0 ? 'in use' : this.#terminals.size > 0 ? 'shells only' : 'empty')
  }
}
