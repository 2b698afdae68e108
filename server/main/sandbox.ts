import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { serverError } from '../../protocol/errors/server.ts'
import { isLoopback } from './config.ts'

/** Learners of another machine get no shell of this user: without a working bubblewrap only loopback is served. */
export async function requireSandbox(host: string): Promise<void> {
  if (isLoopback(host)) return
  try {
    await promisify(execFile)('bwrap', ['--ro-bind', '/', '/', '--unshare-all', 'true'], { timeout: 5000 })
  } catch (error) {
    throw serverError('HOST_NEEDS_SANDBOX', { host }, error)
  }
}
