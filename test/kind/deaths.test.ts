import { readdir } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { kindOrphans } from '../../server/clusters/kind/index.ts'
import { commandLines } from '../support/processes.ts'
import { waitFor } from '../support/waiting.ts'
import { docker, KindWorld, LONG_MILLISECONDS, soon } from './support/world.ts'

let world: KindWorld
beforeEach(async () => {
  world = await KindWorld.create()
})
afterEach(() => world.remove())

const creators = () => commandLines().filter(({ command }) => /(^|\/)kind create cluster/.test(command))

test.each<[string, (left: string[]) => boolean]>([
  ['when the network is there', (left) => left.length >= 1],
  ['when the node is there', (left) => left.length >= 2],
])('killed %s, a provisioner leaves nothing to the next one', async (_, isTime) => {
  const provider = world.open()
  const creating = provider.create('one', soon())
  const given = creating.then(
    () => 'made',
    () => 'refused',
  )
  await waitFor(async () => (await world.pid()) !== undefined, LONG_MILLISECONDS)
  await waitFor(async () => isTime(await world.left().catch(() => [])), LONG_MILLISECONDS)
  const pid = await world.pid()
  process.kill(pid!, 'SIGKILL')
  // The client asks again by itself, and gets a cluster after all: what was half made gives way to a whole one.
  expect(await given).toBe('made')
  expect(await world.pid()).not.toBe(pid)
  expect(await world.left()).toHaveLength(2)
  expect(creators()).toEqual([])
  await provider.delete('one')
  expect(await world.left()).toEqual([])
})

test('killed in the middle, with nobody who asks again, all of it is swept', async () => {
  const given = new AbortController()
  const creating = world.open().create('one', given.signal)
  creating.catch(() => undefined)
  await waitFor(async () => (await world.pid()) !== undefined, LONG_MILLISECONDS)
  await waitFor(async () => (await world.left().catch(() => [])).length >= 2, LONG_MILLISECONDS)
  await sleep(500)
  const volumes = (await docker('volume', 'ls', '--quiet')).split('\n').length
  process.kill((await world.pid())!, 'SIGKILL')
  given.abort()
  // The next provisioner sweeps as soon as it runs.
  await kindOrphans({ command: world.command, dataFolder: world.folder })
  await waitFor(async () => (await world.left()).length === 0, LONG_MILLISECONDS)
  expect((await docker('volume', 'ls', '--quiet')).split('\n').length).toBeLessThan(volumes)
  expect(creators()).toEqual([])
  await waitFor(async () => !(await readdir(path.join(world.folder, 'kind'))).includes('one'), LONG_MILLISECONDS)
  expect((await kindOrphans({ command: world.command, dataFolder: world.folder })).steps).toEqual([])
})

test('given up in the middle, a cluster is taken away again', async () => {
  const given = new AbortController()
  const creating = world.open().create('one', given.signal)
  creating.catch(() => undefined)
  await waitFor(async () => (await world.pid()) !== undefined, LONG_MILLISECONDS)
  await waitFor(async () => (await world.left().catch(() => [])).length >= 2, LONG_MILLISECONDS)
  given.abort()
  await waitFor(async () => (await world.left()).length === 0, LONG_MILLISECONDS)
  expect(creators()).toEqual([])
})
