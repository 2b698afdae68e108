import type { ConnectionFailure } from '../../../../kubernetes/index.ts'

/** How a transfer ended, in curl's own numbers and words. */
export interface CurlFailure {
  exitCode: number
  message: string
}

export function explain(
  failure: ConnectionFailure,
  at: { host: string; port: number; scheme: string; milliseconds: number; timedOutByOption: boolean },
): CurlFailure {
  const { host, port, scheme } = at
  const milliseconds = Math.ceil(at.milliseconds)
  switch (failure.kind) {
    case 'dns':
      return { exitCode: 6, message: `Could not resolve host: ${host}` }
    case 'refused':
    case 'unreachable':
      return {
        exitCode: 7,
        message: `Failed to connect to ${host} port ${port} after ${milliseconds} ms: Could not connect to server`,
      }
    case 'timeout': {
      const isConnecting = failure.message.startsWith('connect to')
      if (isConnecting && !at.timedOutByOption)
        return {
          exitCode: 28,
          message: `Failed to connect to ${host} port ${port} after ${milliseconds} ms: Could not connect to server`,
        }
      if (isConnecting) return { exitCode: 28, message: `Connection timed out after ${milliseconds} milliseconds` }
      return { exitCode: 28, message: `Operation timed out after ${milliseconds} milliseconds with 0 bytes received` }
    }
    case 'tls':
      return { exitCode: 35, message: failure.message }
    case 'empty':
      return { exitCode: 52, message: 'Empty reply from server' }
    case 'reset':
      return { exitCode: scheme === 'https' ? 35 : 56, message: 'Recv failure: Connection reset by peer' }
  }
}
