import { pause, type Command, type CommandIo } from '../command.ts'

const ADMIN_PORT = 15_000
const HEALTH_PORT = 15_021
/** `pilot-agent wait`: how long, and how often it asks. Source: pilot/cmd/pilot-agent/app/wait.go. */
const WAIT_MILLISECONDS = 60_000
const WAIT_PERIOD_MILLISECONDS = 500

function ask({ container, signal }: CommandIo, port: number, method: string, path: string, body = '') {
  return container.sockets.call(
    { method, scheme: 'http', authority: `localhost:${port}`, path: `/${path.replace(/^\//, '')}`, headers: [], body },
    { signal },
  )
}

async function request(io: CommandIo, port: number, [method, path, body]: readonly string[]): Promise<number> {
  if (method === undefined || path === undefined) {
    io.stderr('Error: requires at least 2 arg(s): pilot-agent request METHOD PATH\n')
    return 1
  }
  const outcome = await ask(io, port, method, path, body)
  const failure = outcome.ok ? `status code ${outcome.response.status}` : outcome.failure.message
  if (!outcome.ok || outcome.response.status >= 300) {
    io.stderr(`Error: failed retrieving: ${method} "http://localhost:${port}/${path}": ${failure}\n`)
    return 1
  }
  io.stdout(outcome.response.body)
  return 0
}

/** Until the proxy is ready: what holds a program back until then. */
async function wait(io: CommandIo): Promise<number> {
  const { clock } = io.container
  const end = clock.monotonic() + WAIT_MILLISECONDS
  while (clock.monotonic() < end && !io.signal.aborted) {
    const outcome = await ask(io, HEALTH_PORT, 'GET', 'healthz/ready')
    if (outcome.ok && outcome.response.status === 200) return 0
    await pause(io.container, WAIT_PERIOD_MILLISECONDS, io.signal)
  }
  io.stderr('Error: timeout waiting for Envoy proxy to become ready\n')
  return 1
}

/** `pilot-agent request [--debug-port=N] METHOD PATH [BODY]` and `pilot-agent wait`. Source: pilot/cmd/pilot-agent/app. */
export const pilotAgent: Command = async (io) => {
  const [command, ...words] = io.args.filter((word) => !word.startsWith('--'))
  const option = io.args.find((word) => word.startsWith('--debug-port='))
  if (command === 'wait') return wait(io)
  if (command === 'request') {
    return request(io, option === undefined ? ADMIN_PORT : Number(option.slice('--debug-port='.length)), words)
  }
  io.stderr(`Error: this pilot-agent knows "request" and "wait", not "${command ?? ''}"\n`)
  return 1
}
