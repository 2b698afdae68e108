import { afterEach, beforeEach, expect, it } from 'vitest'
import { createCluster, type Cluster } from '../cluster.ts'
import type { NewObject } from '../kubernetes/index.ts'

let cluster: Cluster
beforeEach(async () => void (cluster = await createCluster({ report: (error, where) => console.error(where, error) })))
afterEach(() => cluster[Symbol.dispose]())

async function run(pod: string, container: string, script: string): Promise<string> {
  let output = ''
  const take = (chunk: Uint8Array): void => void (output += Buffer.from(chunk).toString())
  await cluster.node.kubelet.exec({ namespace: 'default', pod, container }, ['sh', '-c', script], {
    stdin: undefined,
    stdout: take,
    stderr: take,
    tty: false,
    onResize: () => {},
    signal: AbortSignal.timeout(10_000),
  })
  return output
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 10))
}

const statuses = (name: string): { ready: boolean; restartCount: number }[] =>
  cluster.api.get('pods', 'default', name)?.['status']?.containerStatuses ?? []

async function start(name: string, spec: Record<string, unknown>): Promise<void> {
  const pod: NewObject = { apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'default' }, spec }
  await cluster.api.create(pod)
  await until(() => statuses(name).length > 0 && statuses(name).every(({ ready }) => ready))
}

const mount = (name: string, mountPath: string) => ({ volumeMounts: [{ name, mountPath }] })

it('what one container of a pod writes to an emptyDir, the others read, also after a restart', async () => {
  await start('web', {
    volumes: [{ name: 'page', emptyDir: {} }],
    initContainers: [
      {
        name: 'first',
        image: 'busybox',
        command: ['sh', '-c', 'echo made > /work/index.html'],
        ...mount('page', '/work/'),
      },
    ],
    containers: [
      { name: 'web', image: 'nginx', ...mount('page', '/usr/share/nginx/html') },
      {
        name: 'writer',
        image: 'busybox',
        command: ['sh', '-c', 'while true; do sleep 1; done'],
        ...mount('page', '/data'),
      },
    ],
  })
  expect(await run('web', 'web', 'cat /usr/share/nginx/html/index.html')).toBe('made\n')
  await run('web', 'writer', 'echo changed > /data/index.html; mkdir /data/sub; echo deep > /data/sub/page')
  expect(await run('web', 'writer', 'wget -qO- localhost/; wget -qO- localhost/sub/page')).toBe('changed\ndeep\n')
  await run('web', 'writer', 'kill 1')
  await until(() => statuses('web').some(({ restartCount }) => restartCount === 1))
  await until(() => statuses('web').every(({ ready }) => ready))
  expect(await run('web', 'writer', 'ls /data; cat /data/index.html')).toBe('index.html\nsub\nchanged\n')
})

it('what is written to a claim is there for the next pod that mounts it, and gone with the claim', async () => {
  const claim: NewObject = {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: 'data', namespace: 'default' },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
  }
  await cluster.api.create(claim)
  const spec = {
    volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }],
    containers: [{ name: 'db', image: 'busybox', command: ['sleep', '1d'], ...mount('data', '/var/lib/db') }],
  }
  await start('one', spec)
  await run('one', 'db', 'echo kept > /var/lib/db/row')
  await cluster.api.delete('pods', 'default', 'one', { gracePeriodSeconds: 0 })
  await start('two', spec)
  expect(await run('two', 'db', 'cat /var/lib/db/row')).toBe('kept\n')
  await cluster.api.delete('pods', 'default', 'two', { gracePeriodSeconds: 0 })
  await cluster.api.delete('persistentvolumeclaims', 'default', 'data')
  await until(() => cluster.api.get('persistentvolumeclaims', 'default', 'data') === undefined)
  await cluster.api.create(claim)
  await start('three', spec)
  expect(await run('three', 'db', 'ls /var/lib/db')).toBe('')
})
