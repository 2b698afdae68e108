import { expect, test } from 'vitest'
import { nodeFixture } from './testing/fixture.ts'

const containers = [{ name: 'main', image: 'nginx' }]

async function withDebugger(spec: object) {
  const fixture = nodeFixture()
  const { api, clock, createPod } = fixture
  await createPod('p', { containers })
  await clock.advance(1000)
  await api.mutate('pods', 'lab', 'p', (pod) => void (pod.spec.ephemeralContainers = [spec]))
  await clock.advance(1000)
  const status = () => api.get('pods', 'lab', 'p')?.status
  return { ...fixture, status }
}

test('a container that kubectl debug adds runs beside the others, once', async () => {
  const { status, clock } = await withDebugger({ name: 'debugger', image: 'crash' })
  expect(status().ephemeralContainerStatuses).toMatchObject([
    { name: 'debugger', restartCount: 0, state: { terminated: { exitCode: 3, reason: 'Error' } } },
  ])
  await clock.advance(60_000)
  expect(status()).toMatchObject({ phase: 'Running', ephemeralContainerStatuses: [{ restartCount: 0 }] })
})

test('its log is its own, and it ends with the pod', async () => {
  const { node, api, clock, status } = await withDebugger({ name: 'debugger', image: 'nginx' })
  expect(status().ephemeralContainerStatuses).toMatchObject([{ state: { running: {} } }])
  const chunks: Uint8Array[] = []
  const target = { namespace: 'lab', pod: 'p', container: 'debugger' }
  const signal = new AbortController().signal
  for await (const chunk of node.kubelet.logs(target, { signal })) chunks.push(chunk)
  expect(Buffer.concat(chunks).toString()).toMatch(/^serving/)
  await api.delete('pods', 'lab', 'p')
  await clock.advance(60_000)
  expect(api.get('pods', 'lab', 'p')).toBeUndefined()
})
