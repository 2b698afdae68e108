import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { HostedClusters } from './clusters.ts'

let folder: string
const hosts: HostedClusters[] = []
beforeEach(() => void (folder = mkdtempSync(path.join(tmpdir(), 'hosted-'))))
afterEach(async () => {
  for (const host of hosts.splice(0)) await host[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true })
})

function open(reported: unknown[] = []): HostedClusters {
  const host = new HostedClusters(folder, (error) => void reported.push(error))
  hosts.push(host)
  return host
}

describe('a cluster that cannot be taken up when its host starts', () => {
  it('is not taken for one that is gone: it is tried again, and can be deleted', async () => {
    const first = open()
    const { port } = (await first.create({ id: 'one' })).cluster.description
    await first[Symbol.asyncDispose]()
    const other = createServer().listen(port, '127.0.0.1')
    await once(other, 'listening')
    const reported: unknown[] = []
    const second = open(reported)
    await second.restore()
    expect(reported).toMatchObject([{ code: 'EADDRINUSE' }])
    await expect(second.get('one')).rejects.toMatchObject({ code: 'EADDRINUSE' })
    other.close()
    await once(other, 'close')
    expect((await second.get('one'))?.description.port).toBe(port)
    expect(await second.delete('one')).toBe(true)
    expect(await second.get('one')).toBeUndefined()
    expect(await second.delete('one')).toBe(false)
  })

  it('whose objects are damaged is whole again after a reset, with its port and credentials', async () => {
    const first = open()
    const { description } = (await first.create({ id: 'one' })).cluster
    await first[Symbol.asyncDispose]()
    writeFileSync(path.join(folder, 'one', 'state', 'journal.jsonl'), 'no json\n{"revision":2}\n')
    const second = open()
    await second.restore()
    await expect(second.get('one')).rejects.toThrow('is damaged')
    expect((await second.reset('one'))?.description).toEqual(description)
  })
})
