import { beforeEach, describe, expect, it } from 'vitest'
import { createApi } from '../cluster.ts'
import { ManualClock, type Api, type NewObject, type WatchEvent } from '../kubernetes/index.ts'

const deployment = (replicas = 1): NewObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', namespace: 'default' },
  spec: {
    replicas,
    selector: { matchLabels: { app: 'web' } },
    template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'web', image: 'nginx' }] } },
  },
})
const pod = (spec = {}): NewObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'p', namespace: 'default' },
  spec: { containers: [{ name: 'c', image: 'nginx' }], ...spec },
})
const configMap = (name: string): NewObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'default' },
})

let api: Api
beforeEach(async () => void ({ api } = await createApi({ clock: new ManualClock() })))

describe('a new object', () => {
  it('gets uid, creation time, version and generation, and no status of its own making', async () => {
    const made = await api.create({ ...deployment(), status: { replicas: 7 } })
    expect(made.metadata).toMatchObject({ generation: 1, creationTimestamp: '2026-01-01T00:00:00Z' })
    expect(made.metadata.uid).toMatch(/^[0-9a-f-]{36}$/)
    expect(made['status']).toEqual({})
  })

  it('is refused when it is there already', async () => {
    await api.create(deployment())
    await expect(api.create(deployment())).rejects.toThrow('deployments.apps "web" already exists')
  })

  it('gets a name from generateName', async () => {
    const made = await api.create({ ...pod(), metadata: { generateName: 'web-', namespace: 'default' } })
    expect(made.metadata.name).toMatch(/^web-[a-z0-9]{5}$/)
  })
})

describe('a changed object', () => {
  it('has its generation raised by a change of the spec alone', async () => {
    await api.create(deployment())
    const labelled = await api.mutate(
      'deployments.apps',
      'default',
      'web',
      (object) => void (object.metadata.labels = { a: 'b' }),
    )
    expect(labelled?.metadata.generation).toBe(1)
    const scaled = await api.mutate(
      'deployments.apps',
      'default',
      'web',
      (object) => void (object['spec'].replicas = 3),
    )
    expect(scaled?.metadata.generation).toBe(2)
  })

  it('keeps its spec when the status is written and its status when the spec is', async () => {
    await api.create(deployment())
    const status = await api.update({ ...deployment(9), status: { replicas: 1 } }, { subresource: 'status' })
    expect(status).toMatchObject({ spec: { replicas: 1 }, status: { replicas: 1 } })
    expect(await api.update(deployment(2))).toMatchObject({ spec: { replicas: 2 }, status: { replicas: 1 } })
  })

  it('is not written when nothing changes', async () => {
    const made = await api.create(deployment())
    expect((await api.update({ ...deployment(), metadata: made.metadata })).metadata.resourceVersion).toBe(
      made.metadata.resourceVersion,
    )
  })

  it('is refused in an old version', async () => {
    const made = await api.create(deployment())
    await api.update(deployment(2))
    await expect(api.update(made)).rejects.toMatchObject({ status: { code: 409, reason: 'Conflict' } })
  })

  it('is undefined when it is gone', async () => {
    expect(await api.mutate('pods', 'default', 'nope', () => {})).toBeUndefined()
  })
})

describe('a deleted object', () => {
  it('goes at once when nothing holds it', async () => {
    await api.create(configMap('a'))
    await api.delete('configmaps', 'default', 'a')
    expect(api.get('configmaps', 'default', 'a')).toBeUndefined()
    await api.delete('configmaps', 'default', 'a')
  })

  it('waits for its finalizers', async () => {
    await api.create({ ...configMap('a'), metadata: { name: 'a', namespace: 'default', finalizers: ['x/y'] } })
    await api.delete('configmaps', 'default', 'a')
    expect(api.get('configmaps', 'default', 'a')?.metadata.deletionTimestamp).toBeDefined()
    await api.mutate('configmaps', 'default', 'a', (object) => void delete object.metadata.finalizers)
    expect(api.get('configmaps', 'default', 'a')).toBeUndefined()
  })

  it('has its grace period when it is a pod on a node', async () => {
    await api.create(pod({ nodeName: 'node' }))
    await api.delete('pods', 'default', 'p')
    expect(api.get('pods', 'default', 'p')?.metadata).toMatchObject({
      deletionGracePeriodSeconds: 30,
      deletionTimestamp: '2026-01-01T00:00:30Z',
    })
    await api.delete('pods', 'default', 'p', { gracePeriodSeconds: 0 })
    expect(api.get('pods', 'default', 'p')).toBeUndefined()
  })

  it('stays Terminating when it is a namespace, until it is finalized', async () => {
    await api.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'a' } })
    await api.delete('namespaces', undefined, 'a')
    expect(api.get('namespaces', undefined, 'a')?.['status']).toEqual({ phase: 'Terminating' })
  })

  it('is left alone when its uid is another one', async () => {
    await api.create(configMap('a'))
    await expect(api.delete('configmaps', 'default', 'a', { uid: 'other' })).rejects.toMatchObject({
      status: { code: 409 },
    })
  })
})

describe('a watch', () => {
  it('tells what is there, then every change with what was before', async () => {
    await api.create(configMap('a'))
    const events: WatchEvent[] = []
    const watch = api.watch('configmaps', (event) => events.push(event))
    await api.mutate('configmaps', 'default', 'a', (object) => void (object['data'] = { x: '1' }))
    await api.delete('configmaps', 'default', 'a')
    watch[Symbol.dispose]()
    await api.create(configMap('b'))
    expect(events.map(({ type, previous }) => [type, previous !== undefined])).toEqual([
      ['ADDED', false],
      ['MODIFIED', true],
      ['DELETED', true],
    ])
  })
})

describe('a pod', () => {
  it('is bound to a node once', async () => {
    await api.create(pod())
    const binding: NewObject = {
      apiVersion: 'v1',
      kind: 'Binding',
      metadata: { name: 'p', namespace: 'default' },
      target: { kind: 'Node', name: 'node' },
    }
    const bound = await api.update(binding, { subresource: 'binding' })
    expect(bound).toMatchObject({
      spec: { nodeName: 'node' },
      status: { conditions: [{ type: 'PodScheduled', status: 'True' }] },
    })
    await expect(api.update(binding, { subresource: 'binding' })).rejects.toThrow(
      'pod p is already assigned to node "node"',
    )
  })
})
