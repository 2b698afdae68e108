import { createServer, type AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { KindClusterProvider } from '../../server/clusters/kind/index.ts'
import type { Cluster } from '../../server/clusters/provider.ts'
import { waitFor } from '../support/waiting.ts'
import { engine } from './support/engine.ts'
import { makeWorkspaceImage } from './support/workspace-image.ts'
import { apiOf, bashPod, create, docker, get, KindWorld, LONG_MILLISECONDS, soon } from './support/world.ts'

let world: KindWorld
let provider: KindClusterProvider
let mine: Cluster
let other: Cluster
beforeAll(async () => {
  await makeWorkspaceImage()
  world = await KindWorld.create()
  provider = world.open()
  mine = await provider.create('mine', soon())
  other = await provider.create('other', soon())
})
afterAll(() => world.remove())

async function addressOf(id: string): Promise<string> {
  return docker(
    'inspect',
    '--format',
    '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}',
    await world.nodeOf(id),
  )
}

describe('a session', () => {
  test.each([
    ['API server', 6443],
    ['kubelet', 10_250],
    ['etcd', 2379],
    ['SSH, or a node port', 30_080],
  ])('does not reach the %s of another one, even as root of its node', async (_, port) => {
    const script = `timeout 3 bash -c 'exec 3<>/dev/tcp/${await addressOf('other')}/${port}'`
    const { exitCode } = await engine.exec(await world.nodeOf('mine'), ['bash', '-c', script], {
      timeoutMilliseconds: 10_000,
    })
    expect(exitCode).toBe(124)
  })

  test('reaches its own, so that the test above says something', async () => {
    const script = `timeout 3 bash -c 'exec 3<>/dev/tcp/${await addressOf('mine')}/6443'`
    const { exitCode } = await engine.exec(await world.nodeOf('mine'), ['bash', '-c', script], {
      timeoutMilliseconds: 10_000,
    })
    expect(exitCode).toBe(0)
  })

  test('does not reach the services of this machine, nor a metadata address', async () => {
    const format = '{{range .NetworkSettings.Networks}}{{.Gateway}}{{end}}'
    const gateway = await docker('inspect', '--format', format, await world.nodeOf('mine'))
    const service = createServer((socket) => socket.end('secret'))
    await new Promise<void>((resolve) => service.listen(0, gateway, resolve))
    const { port } = service.address() as AddressInfo
    try {
      for (const target of [`${gateway}/${port}`, '169.254.169.254/80']) {
        const script = `timeout 3 bash -c 'exec 3<>/dev/tcp/${target}' && echo reached`
        const node = await world.nodeOf('mine')
        const { output, error } = await engine.exec(node, ['bash', '-c', script], { timeoutMilliseconds: 10_000 })
        expect({ target, output, error }).toEqual({ target, output: '', error: expect.stringContaining('refused') })
      }
    } finally {
      service.close()
    }
  })

  test('does not reach the API server of another one from its shells either', async () => {
    await provider.createToolbox('mine')
    const toolbox = (await world.nodeOf('mine')).replace(/control-plane$/, 'toolbox')
    const [own, others] = [await addressOf('mine'), await addressOf('other')]
    const ask = (address: string) => {
      const script = `timeout 3 bash -c 'exec 3<>/dev/tcp/${address}/6443' 2>/dev/null; echo $?`
      return docker('exec', toolbox, 'bash', '-c', script)
    }
    expect(await ask(own)).toBe('0')
    expect(await ask(others)).toBe('124')
  })

  test('knows nothing of another one’s credentials', async () => {
    const stolen = { ...mine.credentials('grader'), server: other.credentials('grader').server }
    stolen.certificateAuthority = other.credentials('grader').certificateAuthority
    const api = apiOf({ ...other, credentials: () => stolen }, 'grader')
    expect((await api.request('/api/v1/pods', { signal: soon() })).status).toBe(401)
  })
})

describe.each([
  ['a fork bomb', ':(){ :|:& };:; sleep infinity'],
  ['a memory hog', 'a=x; while :; do a="$a$a"; done'],
  ['a log flood', 'while :; do echo flood flood flood flood flood flood flood flood; done'],
])('%s', (name, script) => {
  test('leaves the neighbour at work', async () => {
    const pod = name.replaceAll(' ', '-')
    await create(apiOf(mine, 'learner'), '/api/v1/namespaces/default/pods', bashPod(pod, script))
    await waitFor(async () => {
      const { status } = await get<{ status: { phase: string } }>(
        apiOf(mine, 'grader'),
        `/api/v1/namespaces/default/pods/${pod}`,
      )
      return status.phase !== 'Pending'
    }, LONG_MILLISECONDS)
    const times: number[] = []
    for (let round = 0; round < 20; round += 1) {
      const begin = performance.now()
      const { items } = await get<{ items: { status: { conditions: { type: string; status: string }[] } }[] }>(
        apiOf(other, 'learner'),
        '/api/v1/nodes',
      )
      times.push(performance.now() - begin)
      expect(items[0]!.status.conditions).toContainEqual(expect.objectContaining({ type: 'Ready', status: 'True' }))
      await sleep(250)
    }
    console.log(`${name}: the neighbour answered in ${Math.round(Math.max(...times))} ms at most`)
  })

  test('is over after a reset', async () => {
    await provider.reset('mine')
    await waitFor(
      () =>
        get<{ items: unknown[] }>(apiOf(mine, 'grader'), '/api/v1/namespaces/default/pods').then(
          ({ items }) => items.length === 0,
          () => false,
        ),
      LONG_MILLISECONDS,
    )
  })
})
