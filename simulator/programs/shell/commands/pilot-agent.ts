import type { Command } from '../command.ts'

const ADMIN_PORT = 15_000

/**
 * `pilot-agent request [--debug-port=N] METHOD PATH [BODY]`: asks the proxy in this pod, and writes its answer.
 * Source: pilot/cmd/pilot-agent/app/request.go.
 */
export const pilotAgent: Command = async ({ args, stdout, stderr, container, signal }) => {
  const words = args.filter((word) => !word.startsWith('--'))
  const option = args.find((word) => word.startsWith('--debug-port='))
  const port = option === undefined ? ADMIN_PORT : Number(option.slice('--debug-port='.length))
  const [command, method, path, body = ''] = words
  if (command !== 'request') {
    stderr(`Error: this pilot-agent only knows "request", not "${command ?? ''}"\n`)
    return 1
  }
  if (method === undefined || path === undefined) {
    stderr('Error: requires at least 2 arg(s): pilot-agent request METHOD PATH\n')
    return 1
  }
  const outcome = await container.sockets.call(
    { method, scheme: 'http', authority: `localhost:${port}`, path: `/${path.replace(/^\//, '')}`, headers: [], body },
    { signal },
  )
  if (!outcome.ok) {
    stderr(
      `Error: failed to execute command on Envoy: dial tcp 127.0.0.1:${port}: connect: ${outcome.failure.message}\n`,
    )
    return 1
  }
  const { status, body: answer } = outcome.response
  if (status >= 300) {
    stderr(`Error: received unsuccessful status code ${status}\n`)
    return 1
  }
  stdout(answer)
  return 0
}
