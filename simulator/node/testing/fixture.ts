import { ManualClock, seededRandom, type KubeObject, type NewObject } from '../../kubernetes/index.ts'
import { memoryApi } from '../../kubernetes/testing/memory-api.ts'
import type { ContainerShell, Image, Program } from '../../programs/index.ts'
import type { NodeOptions } from '../contract.ts'
import { createNode, type Node } from '../index.ts'
import { fakeNetwork } from './fake-network.ts'

const ended = (signal: AbortSignal): Promise<number> =>
  new Promise((resolve) => signal.addEventListener('abort', () => resolve(0), { once: true }))

/** Images of the tests, by name: what their programs do. */
const programs: Record<string, Program> = {
  nginx: async ({ listen, log, signal, env }) => {
    log(`serving ${env['MODE'] ?? ''}`)
    listen(80, () => ({ status: 200, headers: [], body: 'hello' }))
    return ended(signal)
  },
  sick: async ({ listen, signal }) => {
    listen(80, () => ({ status: 500, headers: [], body: '' }))
    return ended(signal)
  },
  stubborn: () => new Promise(() => {}),
  done: async ({ log }) => {
    log('done')
    return 0
  },
  crash: async ({ log }) => {
    log('boom')
    return 3
  },
  hungry: async () => 137,
}

export function findImage(image: string): Image | undefined {
  const program = programs[image.split(':')[0] ?? '']
  const usage = { idleMilliCpu: 1, milliCpuPerRequestPerSecond: 1, memoryBytes: 20 * 2 ** 20 }
  return program && { program, usage, userId: 0 }
}

/** A shell in which `true` and `false` are the only commands. */
export function fakeShell(): ContainerShell {
  const files = new Map<string, Uint8Array>()
  return {
    exec: async ([command = '']) => ({ exitCode: command === 'true' ? 0 : 1 }),
    readFile: async (path) => files.get(path),
    writeFile: async (path, content) => void files.set(path, Buffer.from(content)),
    [Symbol.dispose]: () => {},
  }
}

/** A node alone with an API in memory, its clock turned by hand; images take 100 ms to pull and 100 ms to start. */
export function nodeFixture({
  clock = new ManualClock(),
  api = memoryApi({ clock, random: seededRandom(1) }),
  ...extra
}: Partial<NodeOptions> & { clock?: ManualClock } = {}) {
  const network = fakeNetwork()
  const errors: unknown[] = []
  const options: NodeOptions = {
    api,
    clock,
    random: seededRandom(2),
    network,
    findImage,
    createShell: fakeShell,
    pace: { pull: [100, 100], start: [100, 100] },
    report: (error) => errors.push(error),
    ...extra,
  }
  let node: Node = createNode(options)
  return {
    api,
    clock,
    network,
    errors,
    get node() {
      return node
    },
    /** As when the host's process dies and another takes over its state. */
    restart() {
      node[Symbol.dispose]()
      node = createNode(options)
    },
    createPod: (name: string, spec: KubeObject['spec']) => api.create(boundPod(name, spec)),
    pod: (name: string): KubeObject => {
      const pod = api.get('pods', 'lab', name)
      if (pod === undefined) throw new Error(`no pod ${name}`)
      return pod
    },
    /** `Reason: message` of the events about an object. */
    told: (about: string) =>
      api
        .list('events')
        .filter(({ involvedObject: { kind, name } }) => `${kind}/${name}` === about)
        .map(({ reason, message }) => `${reason}: ${message}`),
  }
}

export function boundPod(name: string, spec: KubeObject['spec']): NewObject {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'lab' },
    spec: { nodeName: 'labwright-control-plane', restartPolicy: 'Always', ...spec },
  }
}
