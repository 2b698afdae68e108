import { execFile } from 'node:child_process'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { imagesOfLab } from '../../server/lessons/index.ts'
import type { KindClusterProvider } from '../../server/clusters/kind/index.ts'
import type { Cluster } from '../../server/clusters/provider.ts'
import { nameInNode } from '../../server/provisioner/images.ts'
import { waitFor } from '../support/waiting.ts'
import { apiOf, create, docker, get, KindWorld, LONG_MILLISECONDS, soon } from './support/world.ts'

const root = path.resolve(import.meta.dirname, '../..')
const lab = path.join(root, 'labs/service-mesh')

let world: KindWorld
let provider: KindClusterProvider
let cluster: Cluster
let images: string[]
beforeAll(async () => {
  await promisify(execFile)(process.execPath, [path.join(root, 'cli/bin.mjs'), 'images', 'build', lab, '--offline'])
  images = await imagesOfLab(lab)
  world = await KindWorld.create()
  provider = world.open()
  cluster = await provider.create('one', soon(), { images })
})
afterAll(() => world.remove())

/** A pod of each image that the engine may not fetch. */
async function runAll(round: string): Promise<void> {
  const api = apiOf(cluster, 'learner')
  const pods = '/api/v1/namespaces/default/pods'
  for (const [index, image] of images.entries()) {
    const container = { name: 'one', image, imagePullPolicy: 'Never', command: ['sleep', 'infinity'] }
    const object = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: `${round}-${index}` },
      spec: { terminationGracePeriodSeconds: 0, containers: [container] },
    }
    await waitFor(
      () =>
        create(api, pods, object).then(
          () => true,
          () => false,
        ),
      30_000,
    )
  }
  await waitFor(async () => {
    const { items } = await get<{ items: { metadata: { name: string }; status: { phase: string } }[] }>(api, pods)
    const own = items.filter(({ metadata }) => metadata.name.startsWith(`${round}-`))
    return own.length === images.length && own.every(({ status }) => status.phase === 'Running')
  }, LONG_MILLISECONDS)
}

test('a cluster has the images of its lab, under the names that pods use', () => runAll('first'))

test('unused ones are kept from collection', async () => {
  const listed = await docker('exec', await world.nodeOf('one'), 'ctr', '--namespace', 'k8s.io', 'images', 'list')
  for (const image of images) {
    const line = listed.split('\n').find((each) => each.startsWith(`${nameInNode(image)} `))
    expect(line).toContain('io.cri-containerd.pinned=pinned')
  }
})

test('they are there after a reset', async () => {
  await provider.reset('one')
  await runAll('again')
})

test('an image that the engine lacks is said before anything is made', async () => {
  await expect(provider.create('two', soon(), { images: [...images, 'labwright/nowhere:7'] })).rejects.toMatchObject({
    code: 'IMAGE_MISSING',
    message: expect.stringContaining('no image labwright/nowhere:7,'),
  })
  expect((await world.left()).filter((name) => name.includes('-two'))).toEqual([])
})
