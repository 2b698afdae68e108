import type { WebSocket } from 'ws'
import type { ContainerStreams, Status } from '../../kubernetes/index.ts'
import { ByteQueue } from './byte-queue.ts'
import { serveSpdy, SpdyConnection, type SpdyStream } from './spdy-connection.ts'
import type { Upgraded } from './upgrade.ts'

/** What the client asked to be connected. */
export interface Wanted {
  stdin: boolean
  stdout: boolean
  stderr: boolean
  tty: boolean
}

export interface ProcessStreams {
  streams: ContainerStreams
  /** Says how the process ended, and closes. */
  finish(status: Partial<Status>): void
}

type Size = { columns: number; rows: number }

/** Both ends' common part: stdin as a queue, sizes as they come, an end that aborts. */
class Session {
  readonly stdin = new ByteQueue()
  readonly #abort = new AbortController()
  readonly #listeners: ((size: Size) => void)[] = []
  #size: Size | undefined

  /** Throws when the text is no size. */
  resize(text: string): void {
    const { Width, Height } = JSON.parse(text) as { Width: unknown; Height: unknown }
    if (typeof Width !== 'number' || typeof Height !== 'number') throw new Error(`${text} is no size`)
    this.#size = { columns: Width, rows: Height }
    for (const listener of this.#listeners) listener(this.#size)
  }

  end(): void {
    this.stdin.end()
    this.#abort.abort()
  }

  streams(wanted: Wanted, stdout: (chunk: Uint8Array) => void, stderr: (chunk: Uint8Array) => void): ContainerStreams {
    return {
      stdin: wanted.stdin ? this.stdin : undefined,
      stdout: (chunk) => (wanted.stdout ? stdout(chunk) : undefined),
      stderr: (chunk) => (wanted.tty ? stdout(chunk) : wanted.stderr ? stderr(chunk) : undefined),
      tty: wanted.tty,
      onResize: (listener) => {
        this.#listeners.push(listener)
        if (this.#size) listener(this.#size)
      },
      signal: this.#abort.signal,
    }
  }
}

const channel = { stdin: 0, stdout: 1, stderr: 2, error: 3, resize: 4, close: 255 }

/** `channel.k8s.io`: every message begins with the number of its channel. */
function overWebSocket(socket: WebSocket, wanted: Wanted): ProcessStreams {
  const session = new Session()
  const send = (number: number, chunk: Uint8Array): void => {
    if (socket.readyState === socket.OPEN) socket.send(Buffer.concat([Buffer.from([number]), chunk]))
  }
  const resize = (text: string): void => {
    try {
      session.resize(text)
    } catch {
      // A client that breaks the protocol is cut off; there is nobody to tell why.
      socket.terminate()
    }
  }
  socket.on('message', (message: Buffer) => {
    const [number, ...rest] = [message[0], message.subarray(1)]
    const content = rest[0] ?? Buffer.alloc(0)
    if (number === channel.stdin) session.stdin.push(content)
    else if (number === channel.resize) resize(content.toString())
    else if (number === channel.close && content[0] === channel.stdin) session.stdin.end()
  })
  socket.on('close', () => session.end())
  socket.on('error', () => session.end())
  // As the real server does: it tells clients that all is connected.
  send(channel.stdout, Buffer.alloc(0))
  return {
    streams: session.streams(
      wanted,
      (chunk) => send(channel.stdout, chunk),
      (chunk) => send(channel.stderr, chunk),
    ),
    finish(status) {
      send(channel.error, Buffer.from(JSON.stringify({ metadata: {}, ...status })))
      socket.close(1000)
    },
  }
}

/** One SPDY stream for each of the process's streams; resolves when the client has opened all that it asked for. */
function overSpdy(upgraded: Extract<Upgraded, { kind: 'spdy' }>, wanted: Wanted): Promise<ProcessStreams> {
  const { socket, head } = upgraded
  const session = new Session()
  const opened = new Map<string, SpdyStream>()
  const expected = [
    'error',
    ...(['stdin', 'stdout', 'stderr'] as const).filter((name) => wanted[name] && !(wanted.tty && name === 'stderr')),
  ]
  return new Promise((resolve) => {
    const connection = new SpdyConnection(
      (bytes) => void (socket.writable && socket.write(bytes)),
      (stream) => {
        const type = stream.headers.get('streamtype') ?? ''
        opened.set(type, stream)
        if (type === 'stdin') {
          stream.onData = (bytes) => session.stdin.push(bytes)
          stream.onEnd = () => session.stdin.end()
        }
        if (type === 'resize') stream.onData = (bytes) => session.resize(Buffer.from(bytes).toString())
        if (type !== 'resize' && expected.every((name) => opened.has(name))) resolve(connected())
      },
    )
    const connected = (): ProcessStreams => ({
      streams: session.streams(
        wanted,
        (chunk) => opened.get('stdout')?.write(chunk),
        (chunk) => opened.get('stderr')?.write(chunk),
      ),
      finish(status) {
        const error = opened.get('error')
        if (status.status !== 'Success' || upgraded.protocol >= 'v4')
          error?.write(Buffer.from(JSON.stringify({ metadata: {}, ...status })))
        for (const stream of opened.values()) stream.end()
        // The client closes when it has read all; one that does not is not waited for.
        setTimeout(() => socket.destroy(), CLOSE_AFTER_MS).unref()
      },
    })
    socket.on('close', () => session.end())
    socket.on('error', () => session.end())
    serveSpdy(socket, head, connection)
  })
}

const CLOSE_AFTER_MS = 2000

export function connectProcess(upgraded: Upgraded, wanted: Wanted): Promise<ProcessStreams> {
  return upgraded.kind === 'spdy' ? overSpdy(upgraded, wanted) : Promise.resolve(overWebSocket(upgraded.socket, wanted))
}
