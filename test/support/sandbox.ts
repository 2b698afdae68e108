import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { programOnPath } from '../../server/workspaces/index.ts'

/**
 * Why shells on this machine cannot be sandboxed; undefined where they must be. It asks the machine and not the product, so that a
 * sandbox that is broken fails its tests: bubblewrap needs namespaces of its own with a /proc of their own, and `unshare` says whether
 * this user may make them.
 */
export async function whyNoSandbox(): Promise<string | undefined> {
  if (programOnPath('bwrap') === undefined) return 'bubblewrap is not installed here'
  const namespaces = ['--user', '--map-root-user', '--mount', '--pid', '--fork', '--mount-proc', 'true']
  try {
    await promisify(execFile)('unshare', namespaces)
    return undefined
  } catch (error) {
    return `this machine permits no namespaces: ${(error as { stderr?: string }).stderr?.trim() ?? String(error)}`
  }
}

/** ` (not tried: REASON)` for a title; empty without a reason. */
export function notTried(reason: string | undefined): string {
  return reason === undefined ? '' : ` (not tried: ${reason})`
}
