import { randomBytes } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { writable } from './writable.ts'

/** A secret of a workspace: the one that its shells have had since before a restart. */
export async function keptSecret(file: string): Promise<string> {
  const kept = await readFile(file, 'utf8').catch(() => '')
  // A full disk may have left an empty file, and an empty secret is everybody's.
  if (/^[0-9a-f]{48}$/.test(kept)) return kept
  const secret = randomBytes(24).toString('hex')
  await writable(path.basename(file), () => writeFile(file, secret, { mode: 0o600 }))
  return secret
}
