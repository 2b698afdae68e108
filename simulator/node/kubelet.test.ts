import { expect, test } from 'vitest'
import type { ContainerStreams, LogOptions } from '../kubernetes/index.ts'
import { nodeFixture } from './testing/fixture.ts'

const signal = new AbortController().signal
const target = { namespace: 'lab', pod: 'p' }
const one = (image: string, more: object = {}) => ({ containers: [{ name: 'main', image, ...more }] })

async function fixtureWith(spec: object) {
  const fixture = nodeFixture()
  await fixture.createPod('p', spec)
  await fixture.clock.advance(1000)
  const logs = async (options: Partial<LogOptions> = {}): Promise<string> => {
    const chunks: Uint8Array[] = []
    for await (const chunk of fixture.node.kubelet.logs(target, { signal, ...options })) chunks.push(chunk)
    return Buffer.concat(chunks).toString()
  }
  return { ...fixture, logs }
}

test('logs are told as they were written, the previous run apart', async () => {
  const { logs, clock } = await fixtureWith(one('crash'))
  await clock.advance(11_000)
  expect(await logs()).toBe('boom\n')
  expect(await logs({ previous: true })).toBe('boom\n')
  expect(await logs({ timestamps: true })).toMatch(/^2026-01-01T00:00:\d\d\.\d{9}Z boom\n$/)
  expect(await logs({ tailLines: 0 })).toBe('')
  expect(await logs({ limitBytes: 2 })).toBe('bo')
})

test('following ends with the container', async () => {
  const { logs, api, clock } = await fixtureWith(one('nginx', { env: [{ name: 'MODE', value: 'lab' }] }))
  const followed = logs({ follow: true })
  await api.delete('pods', 'lab', 'p')
  await clock.advance(100)
  expect(await followed).toBe('serving lab\n')
})

test.each([
  ['an image that cannot be pulled', one('nope'), {}, /"main" in pod "p" is waiting to start: image can't be pulled$/],
  [
    'a container that waits',
    one('nginx', { envFrom: [{ secretRef: { name: 'x' } }] }),
    {},
    /waiting to start: CreateContainerConfigError$/,
  ],
  ['no previous run', one('nginx'), { previous: true }, /^previous terminated container "main" in pod "p" not found$/],
])('logs of %s are refused', async (_title, spec, options, message) => {
  const { logs } = await fixtureWith(spec)
  await expect(logs(options)).rejects.toThrow(message)
})

const streams = (): ContainerStreams => ({
  stdin: undefined,
  stdout: () => {},
  stderr: () => {},
  tty: false,
  onResize: () => {},
  signal,
})

test('exec runs in the container, and says when there is none', async () => {
  const { node, createPod, clock } = await fixtureWith(one('nginx'))
  expect(await node.kubelet.exec(target, ['true'], streams())).toEqual({ exitCode: 0 })
  expect(await node.kubelet.exec(target, ['false'], streams())).toEqual({ exitCode: 1 })
  await createPod('waiting', one('nope'))
  await clock.advance(100)
  const waiting = node.kubelet.exec({ namespace: 'lab', pod: 'waiting' }, ['true'], streams())
  await expect(waiting).rejects.toThrow('container not found ("main")')
  const ghost = async () => node.kubelet.exec({ namespace: 'lab', pod: 'ghost' }, ['true'], streams())
  await expect(ghost()).rejects.toThrow('pod "ghost_lab" does not exist')
})

test('the default container is the annotated one, else the first', async () => {
  const { node, api, clock } = nodeFixture()
  await api.create({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p', namespace: 'lab', annotations: { 'kubectl.kubernetes.io/default-container': 'second' } },
    spec: {
      nodeName: node.name,
      restartPolicy: 'Never',
      containers: [
        { name: 'first', image: 'stubborn' },
        { name: 'second', image: 'done' },
      ],
    },
  })
  await clock.advance(1000)
  const chunks: string[] = []
  for await (const chunk of node.kubelet.logs(target, { signal })) chunks.push(Buffer.from(chunk).toString())
  expect(chunks.join('')).toBe('done\n')
})

test('usage is told of running containers only', async () => {
  const { node } = await fixtureWith({
    containers: [
      { name: 'a', image: 'nginx' },
      { name: 'b', image: 'crash' },
    ],
  })
  expect(node.podUsage('lab', 'p')).toMatchObject([{ name: 'a', milliCpu: 1 }])
  expect(node.podUsage('lab', 'ghost')).toBeUndefined()
})
