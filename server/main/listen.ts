import { once } from 'node:events'
import type { Server } from 'node:http'
import type { LabwrightError } from '../../protocol/errors/error.ts'
import { serverError } from '../../protocol/errors/server.ts'

/** Listens, and answers with the port. @throws PORT_IN_USE, HOST_NOT_USABLE */
export async function listen(server: Server, host: string, port: number): Promise<number> {
  server.listen(port, host)
  try {
    await once(server, 'listening')
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'EADDRINUSE') throw portInUse({ command: 'serve', host, port }, error)
    throw serverError(
      'HOST_NOT_USABLE',
      { host, reason: code === 'EACCES' ? `port ${port} is reserved` : message },
      error,
    )
  }
  return (server.address() as { port: number }).port
}

/** PORT_IN_USE with the next port as a way out. */
export function portInUse(
  { command, host, port }: { command: 'serve' | 'cluster'; host: string; port: number },
  cause: unknown,
): LabwrightError {
  const next = port === 65_535 ? port - 1 : port + 1
  return serverError('PORT_IN_USE', { command, host, port: String(port), next: String(next) }, cause)
}
