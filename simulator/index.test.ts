import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { startCluster } from './index.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'labwright-simulator-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  return port
}

test('a cluster whose kubeconfig cannot be written is ended, and its port is free again', async () => {
  const port = await freePort()
  const kubeconfig = path.join(folder, 'absent/config')
  await expect(startCluster({ port, kubeconfig })).rejects.toMatchObject({ code: 'ENOENT' })
  const cluster = await startCluster({ port })
  expect(cluster.port).toBe(port)
  await cluster.stop()
})

test('a cluster that is kept comes back at its port, or at another that is given', async () => {
  const dataDir = path.join(folder, 'data')
  const first = await startCluster({ dataDir })
  await first.stop()
  const again = await startCluster({ dataDir })
  await again.stop()
  expect(again.port).toBe(first.port)
  const port = await freePort()
  const moved = await startCluster({ dataDir, port })
  await moved.stop()
  expect([moved.port, moved.kubeconfig]).toEqual([port, first.kubeconfig.replace(String(first.port), String(port))])
})
