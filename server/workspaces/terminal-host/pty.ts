import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { closeSync, constants as files, openSync, writeSync } from 'node:fs'
import { constants } from 'node:os'
import tty from 'node:tty'
import type { Clock } from '../../../protocol/clock.ts'
import type { ShellSpec } from '../shell-spec.ts'
import { InputQueue } from './input-queue.ts'
import { nativePty } from './native-pty.ts'

const KILL_AFTER_MILLISECONDS = 5000
/** How long the tail of a dead shell's output may take once it is read: longer only when the learner stopped the terminal with Ctrl-S. */
const TAIL_MILLISECONDS = 3000
const TAIL_RETRY_MILLISECONDS = 10

export interface PtyEvents {
  output(bytes: Buffer): void
  /** Comes once, after the last byte of output. A signal counts as 128 + its number, as a shell says it. */
  exit(exitCode: number): void
}

export interface Pty {
  readonly pid: number
  /** False when too much input waits already. */
  write(bytes: Buffer): boolean
  pause(): void
  resume(): void
  resize(columns: number, rows: number): void
  /** SIGHUP to the process group, SIGKILL five seconds later. */
  end(): void
}

/**
 * A session leader that opens a terminal gets it as its controlling terminal: job control needs that, and Node cannot ask for it.
 * Nor can Node mark what `open` made as closed on exec: without the loop a shell would hold every other learner's terminal, and its
 * own, so that it would outlive this process.
 */
const TAKE_TERMINAL = `
[ -e /dev/fd/0 ] || { echo "This machine has no /dev/fd, without which no terminal can be opened safely."; exit 126; }
for fd in /dev/fd/*; do fd=\${fd##*/}; [ "$fd" -le 2 ] || eval "exec $fd>&-"; done
exec 0<>"$1" 1>&0 2>&0; shift; exec "$@"`

/**
 * Starts a program on a pty of its own. The slave side stays open here until a mark, written to it after the program's end, has
 * come out of the master: so no byte of the tail is lost, however late it is read.
 */
export function openPty(shell: ShellSpec, columns: number, rows: number, events: PtyEvents, clock: Clock): Pty {
  const native = nativePty()
  const { master, slave, pty } = native.open(columns, rows)
  // The child's is shared with it, and blocks: a full terminal would hold this process, with all other terminals.
  const own = openSync(pty, files.O_WRONLY | files.O_NOCTTY | files.O_NONBLOCK)
  const child = spawn('bash', ['--norc', '-c', TAKE_TERMINAL, 'bash', pty, shell.command, ...shell.arguments], {
    cwd: shell.folder,
    env: shell.environment,
    detached: true,
    stdio: [slave, slave, slave],
  })
  closeSync(slave)
  const stream = new tty.ReadStream(master)
  const tail = Buffer.from(`\u001B]133;end-${randomBytes(12).toString('hex')}\u0007`)
  let exitCode: number | undefined
  let held = Buffer.alloc(0)
  let finished = false

  const queue = new InputQueue((bytes) => {
    if (finished) return bytes.length
    try {
      return writeSync(master, bytes)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return 0
      return bytes.length
    }
  }, clock)

  const finish = () => {
    if (finished) return
    finished = true
    queue[Symbol.dispose]()
    closeSync(own)
    stream.destroy()
    events.exit(exitCode ?? 1)
  }

  stream.on('data', (bytes: Buffer) => {
    if (exitCode === undefined) return events.output(bytes)
    const all = held.length === 0 ? bytes : Buffer.concat([held, bytes])
    const end = all.indexOf(tail)
    // A part of the mark may be the last that was read: keep as much back as could be one.
    const sure = end >= 0 ? end : Math.max(0, all.length - tail.length + 1)
    if (sure > 0) events.output(all.subarray(0, sure))
    held = Buffer.from(all.subarray(sure))
    if (end >= 0) finish()
  })
  stream.on('error', finish)
  stream.resume()

  const writeTail = (rest: Buffer, before: number) => {
    // A page that is behind makes the output wait, not lose its end.
    const deadline = stream.isPaused() ? clock.monotonic() + TAIL_MILLISECONDS : before
    if (finished) return
    let left = rest
    try {
      left = rest.subarray(writeSync(own, rest))
    } catch {
      // Full: the reader is behind, or the terminal is stopped.
    }
    if (left.length === 0) return
    if (clock.monotonic() > deadline) finish()
    else clock.after(TAIL_RETRY_MILLISECONDS, () => writeTail(left, deadline))
  }
  const ended = (code: number) => {
    exitCode = code
    writeTail(tail, clock.monotonic() + TAIL_MILLISECONDS)
  }
  child.on('error', () => ended(127))
  child.on('exit', (code, signal) => ended(code ?? 128 + (signal === null ? 0 : constants.signals[signal])))

  const signal = (name: NodeJS.Signals) => {
    if (child.pid === undefined || finished) return
    try {
      process.kill(-child.pid, name)
    } catch {
      // The group is gone: that is what was wanted.
    }
  }
  return {
    pid: child.pid ?? -1,
    write: (bytes) => queue.push(bytes),
    pause: () => void stream.pause(),
    resume: () => void stream.resume(),
    resize: (columns, rows) => void (finished || native.resize(master, columns, rows)),
    end() {
      signal('SIGHUP')
      signal('SIGCONT')
      clock.after(KILL_AFTER_MILLISECONDS, () => exitCode === undefined && signal('SIGKILL'))
    },
  }
}
