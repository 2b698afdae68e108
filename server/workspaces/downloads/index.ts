import { mkdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { Mirror } from '../provider.ts'
import { createAuthority, type Pair } from './authority.ts'
import { DownloadProxy } from './proxy.ts'

export type { DownloadProxy } from './proxy.ts'

const FILE = 'downloads.json'

interface Kept extends Pair {
  /** On loopback; absent where nobody asked for one. */
  port?: number
}

/**
 * Starts the proxy of a data folder. Shells outlive the server and keep the address and the authority that they were started with,
 * so both are kept; where another program took the port meanwhile, terminals opened from now on know the new one.
 */
export async function startDownloads(
  folder: string,
  mirrors: Record<string, Mirror>,
): Promise<{ proxy: DownloadProxy; port: number; certificate: string }> {
  const { authority, kept } = await openAuthority(folder)
  const proxy = new DownloadProxy(authority, mirrors)
  const port = await proxy.listen(kept?.port ?? 0).catch(() => proxy.listen(0))
  if (port !== kept?.port) await keep(folder, { ...authority, port })
  return { proxy, port, certificate: authority.certificate }
}

/** The proxy of a data folder for shells in containers: it listens on their sockets alone, and leads to nothing near this machine. */
export async function openDownloads(
  folder: string,
  mirrors: Record<string, Mirror>,
): Promise<{ proxy: DownloadProxy; certificate: string }> {
  const { authority, kept } = await openAuthority(folder)
  if (kept === undefined) await keep(folder, authority)
  return { proxy: new DownloadProxy(authority, mirrors, 'public'), certificate: authority.certificate }
}

async function openAuthority(folder: string): Promise<{ authority: Pair; kept: Kept | undefined }> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const kept = await read(path.join(folder, FILE))
  const { certificate, key } = kept ?? (await createAuthority())
  return { authority: { certificate, key }, kept }
}

function keep(folder: string, what: Kept): Promise<void> {
  return writeFile(path.join(folder, FILE), JSON.stringify(what), { mode: 0o600 })
}

async function read(file: string): Promise<Kept | undefined> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Kept
  } catch {
    return undefined
  }
}
