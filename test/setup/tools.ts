import path from 'node:path'
import { findTools, linkTools } from '../../server/workspaces/local/tools.ts'

const root = path.resolve(import.meta.dirname, '../..')

/**
 * Puts what this machine lacks of kubectl, helm, curl and jq behind its PATH, from where a session would take them: tests run these
 * programs on a bare machine too.
 */
export async function setup(): Promise<void> {
  const folder = path.join(root, '.cache', 'test-tools')
  const bin = path.join(folder, 'bin')
  // Each project of the tests sets up: what the first one linked is no tool of the machine's, and must not be linked to itself.
  if (process.env['PATH']?.split(path.delimiter).includes(bin)) return
  const standIns = { curl: path.join(root, 'dist/curl.js'), jq: path.join(root, 'dist/jq.js') }
  const { found } = await findTools(folder, standIns)
  const own = Object.entries(found).filter(([, file]) => file.startsWith(folder))
  if (own.length === 0) return
  await linkTools(bin, Object.fromEntries(own))
  process.env['PATH'] = `${process.env['PATH']}${path.delimiter}${bin}`
}
