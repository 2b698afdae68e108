import { mkdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { Mirror } from '../provider.ts'
import { createAuthority, type Pair } from './authority.ts'
import { DownloadProxy } from './proxy.ts'

export type { DownloadProxy } from './proxy.ts'

interface Kept extends Pair {
  port: number
}

/**
 * Starts the proxy of a data folder. Shells outlive the server and keep the address and the authority that they were started with,
 * so both are kept; where another program took the port meanwhile, terminals opened from now on know the new one.
 */
export async function startDownloads(
  folder: string,
  mirrors: Record<string, Mirror>,
): Promise<{ proxy: DownloadProxy; port: number; certificate: string }> {
  const file = path.join(folder, 'downloads.json')
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const kept = await read(file)
  const authority = kept ?? (await createAuthority())
  const proxy = new DownloadProxy(authority, mirrors)
  const port = await proxy.listen(kept?.port ?? 0).catch(() => proxy.listen(0))
  if (port !== kept?.port) {
    const text = JSON.stringify({ port, certificate: authority.certificate, key: authority.key } satisfies Kept)
    await writeFile(file, text, { mode: 0o600 })
  }
  return { proxy, port, certificate: authority.certificate }
}

async function read(file: string): Promise<Kept | undefined> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Kept
  } catch {
    return undefined
  }
}
