import { spawn } from 'node:child_process'
import { closeSync, mkdirSync, openSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { workspaceError } from '../../../protocol/errors/workspace.ts'
import { socketPath } from '../../sockets/index.ts'
import type { HostLink } from './connection.ts'

const START_DEADLINE_MILLISECONDS = 8000
const RETRY_MILLISECONDS = 20
/** All that the host needs of the server's environment: its children get theirs spelled out, and no secret can leak from it. */
const PASSED_ON = ['PATH', 'HOME', 'TMPDIR', 'LANG', 'NODE_OPTIONS']

export interface TerminalHostPlace {
  dataFolder: string
  /** dist/terminal-host.js. */
  program: string
}

function tryConnect(file: string): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = connect(file)
    socket.once('connect', () => resolve(socket))
    socket.once('error', () => resolve(undefined))
  })
}

/** The terminal host of a data folder: the one that answers, else one that is started. It outlives this process. */
export function localHost(place: TerminalHostPlace): HostLink {
  return { connect: () => connectToHost(place) }
}

async function connectToHost(place: TerminalHostPlace): Promise<Socket> {
  const file = socketPath(place.dataFolder, 'terminals')
  const living = await tryConnect(file)
  if (living !== undefined) return living
  mkdirSync(place.dataFolder, { recursive: true, mode: 0o700 })
  const log = path.join(place.dataFolder, 'terminal-host.log')
  const output = openSync(log, 'a', 0o600)
  let ended: string | undefined
  const environment = Object.fromEntries(
    PASSED_ON.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
  )
  const child = spawn(process.execPath, [place.program, file], {
    cwd: place.dataFolder,
    detached: true,
    stdio: ['ignore', output, output],
    env: environment,
  })
  closeSync(output)
  child.on('error', (error) => (ended = error.message))
  // Exit 0: another server's host was faster, and ours left the place to it.
  child.on('exit', (code, signal) => code !== 0 && (ended = signal ?? `exit code ${code}`))
  child.unref()
  const deadline = performance.now() + START_DEADLINE_MILLISECONDS
  for (;;) {
    const socket = await tryConnect(file)
    if (socket !== undefined) return socket
    if (ended !== undefined || performance.now() > deadline)
      throw workspaceError('TERMINAL_HOST_FAILED', { reason: ended ?? 'it did not answer in time', log })
    await delay(RETRY_MILLISECONDS)
  }
}
