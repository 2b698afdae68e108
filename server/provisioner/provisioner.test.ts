import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { provisionerError } from '../../protocol/errors/provisioner.ts'
import { FakeEngine, FakeWorld } from '../../test/support/fake-engine.ts'
import type { InstallOrder, IstioInstaller } from './istioctl.ts'
import { Provisioner } from './provisioner.ts'

const SEED = Math.floor(Math.random() * 2 ** 32)
const never = new AbortController().signal
let folder: string
let world: FakeWorld
let engine: FakeEngine
let provisioner: Provisioner
let istio: IstioInstaller | undefined

beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'labwright-provisioner-'))
  world = new FakeWorld(SEED)
  start()
})
afterEach(() => rm(folder, { recursive: true }))

/** Another process over the same folder and engine. */
function start(): void {
  engine = new FakeEngine(world)
  provisioner = new Provisioner({
    engine,
    ...(istio === undefined ? {} : { istio }),
    folder,
    atOnce: 2,
    diskMebibytes: 12 * 1024,
    log: () => undefined,
    now: () => world.now,
  })
}
const names = () => [...world.objects.keys()].map((key) => key.replace(/lw-[0-9a-f]{6}-/, 'lw-X-'))
const turns = async (count: number) => {
  for (let turn = 0; turn < count; turn += 1) await new Promise((resolve) => setImmediate(resolve))
}

test('a cluster is a network and a node, with an identity of each kind', async () => {
  const cluster = await provisioner.create({ id: 'a' }, never)
  expect(cluster).toMatchObject({ id: 'a', intent: 'ready', certificateAuthority: 'CA' })
  expect(cluster.identities.learner).toEqual({ certificate: 'CERT', key: 'KEY' })
  expect(names()).toEqual(['network lw-X-a', 'node lw-X-a-control-plane'])
})

test('credentials are for this user alone', async () => {
  await provisioner.create({ id: 'a' }, never)
  expect((await stat(path.join(folder, 'a'))).mode & 0o777).toBe(0o700)
  expect((await stat(path.join(folder, 'a/cluster.json'))).mode & 0o777).toBe(0o600)
})

test('two who create the same get the same', async () => {
  const [first, second] = await Promise.all([
    provisioner.create({ id: 'a' }, never),
    provisioner.create({ id: 'a' }, never),
  ])
  expect(second).toEqual(first)
})

test('deleting ends a creation that is under way, and leaves nothing', async () => {
  const creating = provisioner.create({ id: 'a' }, never)
  creating.catch(() => undefined)
  while (world.objects.size === 0) await turns(1)
  await provisioner.delete('a')
  await expect(creating).rejects.toThrow()
  expect(names()).toEqual([])
  expect(() => provisioner.find('a')).toThrow('There is no cluster a')
})

test('a creation that nobody waits for any more is taken back', async () => {
  const gone = new AbortController()
  const creating = provisioner.create({ id: 'a' }, gone.signal)
  creating.catch(() => undefined)
  while (world.objects.size === 0) await turns(1)
  gone.abort()
  await expect(creating).rejects.toThrow()
  expect(names()).toEqual([])
})

test('what the engine refuses is said, and nothing of the cluster is left', async () => {
  engine.createNodes = () => Promise.reject(new Error('kubelet is not healthy.'))
  await expect(provisioner.create({ id: 'a' }, never)).rejects.toMatchObject({
    code: 'CLUSTER_NOT_MADE',
    message: 'The cluster could not be made: kubelet is not healthy. What was made of it is taken away again.',
  })
  expect(names()).toEqual([])
  expect(provisioner.list()).toEqual([])
})

test('a cluster begins with the images that were asked for', async () => {
  world.images.add('nginx').add('redis')
  await provisioner.create({ id: 'a', images: ['nginx'] }, never)
  expect([...world.loaded.values()]).toEqual([['nginx']])
})

test('an image that the engine lacks is named before anything is made', async () => {
  world.images.add('nginx')
  await expect(provisioner.create({ id: 'a', images: ['nginx', 'redis:7'] }, never)).rejects.toMatchObject({
    code: 'IMAGE_MISSING',
    message: expect.stringMatching(/^This machine has no image redis:7, .*labwright images build/),
  })
  expect(names()).toEqual([])
})

test('images that cannot be loaded are no cluster', async () => {
  world.images.add('nginx')
  engine.loadImages = () => Promise.reject(new Error('no space left on device'))
  await expect(provisioner.create({ id: 'a', images: ['nginx'] }, never)).rejects.toMatchObject({
    message: expect.stringContaining('no space left on device'),
  })
  expect(names()).toEqual([])
})

describe('a cluster with Istio', () => {
  const installed: InstallOrder[] = []
  beforeEach(() => {
    installed.length = 0
    istio = { images: () => Promise.resolve(['istio/pilot']), install: async (order) => void installed.push(order) }
    start()
  })
  afterEach(() => (istio = undefined))

  test('has its images, and is installed by an administrator', async () => {
    world.images.add('nginx').add('istio/pilot')
    await provisioner.create({ id: 'a', images: ['nginx'], istio: 'demo' }, never)
    expect([...world.loaded.values()]).toEqual([['nginx', 'istio/pilot']])
    expect(installed).toMatchObject([
      { profile: 'demo', folder: path.join(folder, 'a'), kubeconfig: expect.stringContaining('clusters:') },
    ])
  })

  test('is not begun without its images', async () => {
    await expect(provisioner.create({ id: 'a', istio: 'demo' }, never)).rejects.toMatchObject({
      code: 'IMAGE_MISSING',
      message: expect.stringContaining('no image istio/pilot,'),
    })
    expect(names()).toEqual([])
  })

  test('is taken away when Istio cannot be installed', async () => {
    world.images.add('istio/pilot')
    istio!.install = () => Promise.reject(provisionerError('ISTIO_NOT_INSTALLED', { reason: 'no webhook' }))
    await expect(provisioner.create({ id: 'a', istio: 'demo' }, never)).rejects.toMatchObject({
      message: 'Istio could not be installed into the cluster: no webhook. What was made of it is taken away again.',
    })
    expect(names()).toEqual([])
  })

  test('needs an istioctl of the operator', async () => {
    istio = undefined
    start()
    await expect(provisioner.create({ id: 'a', istio: 'demo' }, never)).rejects.toMatchObject({
      code: 'ISTIOCTL_MISSING',
      message: expect.stringContaining('LABWRIGHT_ISTIOCTL names none'),
    })
  })

  test.each([
    ['with them, where the engine has them', true, [['istio/pilot']]],
    ['without them, where it has not', false, []],
  ])('and a bare one begins %s', async (_, hasImages, loaded) => {
    if (hasImages) world.images.add('istio/pilot')
    await provisioner.create({ id: 'a' }, never)
    expect([...world.loaded.values()]).toEqual(loaded)
    expect(installed).toEqual([])
  })
})

test('pause and resume are meant before they are done', async () => {
  await provisioner.create({ id: 'a' }, never)
  expect(await provisioner.pause('a')).toMatchObject({ intent: 'paused' })
  expect([...world.objects.values()].find(({ kind }) => kind === 'node')?.state).toBe('paused')
  expect(await provisioner.resume('a')).toMatchObject({ intent: 'ready' })
})

describe('a toolbox', () => {
  const toolbox = () => [...world.objects.values()].find(({ kind }) => kind === 'container')
  beforeEach(async () => {
    await provisioner.create({ id: 'a' }, never)
  })

  test('stands beside the nodes, and shares a folder that only we may write in', async () => {
    const made = await provisioner.createToolbox('a', { session: 's1' }, never)
    expect(names()).toContain('container lw-X-a-toolbox')
    expect(made.nodes.map((name) => name.replace(/-[0-9a-f]{6}-/, '-X-'))).toEqual(['lw-X-a-control-plane'])
    expect((await stat(made.folder)).mode & 0o777).toBe(0o755)
    expect(await provisioner.createToolbox('a', {}, never)).toEqual(made)
  })

  test('sleeps and wakes with its cluster', async () => {
    await provisioner.createToolbox('a', {}, never)
    await provisioner.pause('a')
    expect(toolbox()?.state).toBe('paused')
    await expect(provisioner.createToolbox('a', {}, never)).rejects.toMatchObject({ code: 'CLUSTER_NOT_READY' })
    await provisioner.resume('a')
    expect(toolbox()?.state).toBe('running')
  })

  test.each([
    ['when it is taken away', () => provisioner.removeToolbox('a')],
    ['with its cluster', () => provisioner.delete('a')],
  ])('goes %s', async (_, end) => {
    await provisioner.createToolbox('a', {}, never)
    await end()
    expect(toolbox()).toBeUndefined()
  })

  test('outlasts a reset of its cluster, for the files in it are the learner’s', async () => {
    await provisioner.createToolbox('a', {}, never)
    await provisioner.reset('a')
    expect(toolbox()?.state).toBe('running')
  })

  test('is for clusters that are there', async () => {
    await expect(provisioner.createToolbox('b', {}, never)).rejects.toMatchObject({ code: 'CLUSTER_UNKNOWN' })
    await provisioner.removeToolbox('b')
  })
})

describe('a cluster that fills the disk', () => {
  const look = async (sizes: Record<string, number>) => {
    for (const [container, size] of Object.entries(sizes)) world.disks.set(container, size)
    await turns(2)
    await provisioner.checkDisks()
  }

  test('stands still and says why, until it is reset', async () => {
    await provisioner.create({ id: 'a' }, never)
    await look({ 'a-control-plane': 13_000 })
    expect(provisioner.find('a')).toMatchObject({ intent: 'paused', reason: 'filled its disk (12.7 GiB of 12)' })
    expect(world.objects.get([...world.objects.keys()].find((key) => key.startsWith('node'))!)?.state).toBe('paused')
    expect(await provisioner.reset('a')).not.toHaveProperty('reason')
    expect(provisioner.find('a').intent).toBe('ready')
  })

  test.each<[string, Record<string, number>, 'ready' | 'paused']>([
    ['less than it may', { 'a-control-plane': 12_288 }, 'ready'],
    ['less than it may, with its toolbox too much', { 'a-control-plane': 11_000, 'a-toolbox': 2000 }, 'paused'],
    ['nobody knows how much', {}, 'ready'],
  ])('takes %s', async (_, sizes, intent) => {
    await provisioner.create({ id: 'a' }, never)
    await look(sizes)
    expect(provisioner.find('a').intent).toBe(intent)
  })

  test('is not looked at while it is paused', async () => {
    await provisioner.create({ id: 'a' }, never)
    await provisioner.pause('a')
    await look({ 'a-control-plane': 13_000 })
    expect(provisioner.find('a')).not.toHaveProperty('reason')
  })
})

describe('after a death', () => {
  const die = () => {
    engine.kill()
    start()
  }
  const intentOf = async (id: string) =>
    (JSON.parse(await readFile(path.join(folder, id, 'intent.json'), 'utf8')) as { intent: string }).intent

  test('clusters are found again', async () => {
    const before = await provisioner.create({ id: 'a' }, never)
    die()
    expect(provisioner.find('a')).toEqual(before)
  })

  test('a creation that was under way is reported, then swept', async () => {
    void provisioner.create({ id: 'a' }, never)
    while (world.objects.size < 2) await turns(1)
    die()
    expect(await intentOf('a')).toBe('creating')
    expect((await provisioner.orphans()).steps).toMatchObject([
      { action: 'delete', reason: 'whoever made it died before it was ready' },
    ])
    await provisioner.sweep()
    expect(names()).toEqual([])
    expect(await provisioner.orphans()).toMatchObject({ steps: [] })
  })

  test('a creation that was under way can be asked for again at once', async () => {
    void provisioner.create({ id: 'a' }, never)
    while (world.objects.size < 2) await turns(1)
    die()
    expect(await provisioner.create({ id: 'a' }, never)).toMatchObject({ intent: 'ready' })
  })

  test('a reset that was cut short is done', async () => {
    await provisioner.create({ id: 'a' }, never)
    engine.exec = () => new Promise(() => undefined)
    void provisioner.reset('a')
    await turns(1)
    die()
    expect(await intentOf('a')).toBe('resetting')
    await provisioner.sweep()
    expect(provisioner.find('a')).toMatchObject({ intent: 'ready' })
  })

  test('nodes that stand still are started, nodes that are gone are forgotten', async () => {
    await provisioner.create({ id: 'a' }, never)
    await provisioner.create({ id: 'b' }, never)
    for (const [key, object] of world.objects) {
      if (key.startsWith('node') && key.endsWith('-a-control-plane')) object.state = 'stopped'
      if (key.startsWith('node') && key.endsWith('-b-control-plane')) world.objects.delete(key)
    }
    die()
    await provisioner.sweep()
    expect([...world.objects.values()].map(({ state }) => state)).toEqual(['running', 'running'])
    expect(provisioner.list()).toEqual([{ id: 'a', intent: 'ready' }])
  })
})
