import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createCluster, type Cluster } from './cluster.ts'
import { systemClock, type Clock, type NewObject } from './kubernetes/index.ts'

/** The system's clock, and how many callbacks it still owes. */
function countingClock(): Clock & { pending: Set<Disposable> } {
  const pending = new Set<Disposable>()
  return {
    ...systemClock,
    pending,
    after(milliseconds, callback) {
      const timer = systemClock.after(milliseconds, () => {
        pending.delete(held)
        callback()
      })
      const held: Disposable = {
        [Symbol.dispose]() {
          pending.delete(held)
          timer[Symbol.dispose]()
        },
      }
      pending.add(held)
      return held
    },
  }
}

const probe = { httpGet: { path: '/', port: 80 }, periodSeconds: 1 }
const deployment: NewObject = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', namespace: 'default' },
  spec: {
    replicas: 2,
    selector: { matchLabels: { app: 'web' } },
    template: {
      metadata: { labels: { app: 'web' } },
      spec: {
        containers: [
          { name: 'web', image: 'nginx', livenessProbe: probe, readinessProbe: probe },
          { name: 'loop', image: 'busybox', command: ['sh', '-c', 'while true; do echo tick; sleep 1; done'] },
          { name: 'crash', image: 'busybox', command: ['false'] },
        ],
      },
    },
  },
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 10))
}

/** Lives as a cluster in use does: pods with probes that run, wait and crash, a watch that nobody ends, and then it is stopped. */
async function live(folder: string | undefined, clock: Clock): Promise<WeakRef<Cluster>> {
  const errors: unknown[] = []
  const report = (error: unknown) => void errors.push(error)
  const cluster = await createCluster({ clock, report, ...(folder !== undefined && { folder }) })
  const listening = await cluster.listen()
  const manager = 'test'
  const cron: NewObject = {
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    metadata: { name: 'tick', namespace: 'default' },
    spec: {
      schedule: '* * * * *',
      jobTemplate: {
        spec: { template: { spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'busybox' }] } } },
      },
    },
  }
  for (const object of [cron, deployment]) await cluster.api.apply(object, { manager })
  const watch = request({
    port: listening.port,
    host: '127.0.0.1',
    path: '/api/v1/pods?watch=true&allowWatchBookmarks=true',
    ca: cluster.credentials.authority.certificate,
    headers: { authorization: `Bearer ${cluster.credentials.tokens.learner}` },
    agent: false,
  })
  watch.end()
  const [response] = (await once(watch, 'response')) as [IncomingMessage]
  const closed = new Promise((resolve) =>
    response
      .resume()
      .on('error', () => {})
      .on('close', resolve),
  )
  await until(() => {
    const pods = cluster.api.list('pods')
    return (
      pods.length === 2 &&
      pods.every(({ status }) =>
        status?.containerStatuses?.some(
          (one: { name: string; ready: boolean; started: boolean }) => one.name === 'web' && one.ready,
        ),
      )
    )
  })
  await listening[Symbol.asyncDispose]()
  cluster[Symbol.dispose]()
  await closed
  // What was awaiting something in the cluster gets its turn to end.
  await new Promise((resolve) => setTimeout(resolve, 50))
  expect(errors).toEqual([])
  return new WeakRef(cluster)
}

const files = '/proc/self/fd'
const openFiles = (): number => (existsSync(files) ? readdirSync(files).length : 0)

describe('a cluster that has stopped', () => {
  let folder: string
  let collect: () => void
  beforeAll(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'cluster-'))
    setFlagsFromString('--expose-gc')
    collect = runInNewContext('gc') as () => void
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  it(
    'leaves no timer, no file, no socket and no memory, however often one is started',
    { timeout: 90_000 },
    async () => {
      const clock = countingClock()
      await live(undefined, clock)
      const before = { files: openFiles(), active: process.getActiveResourcesInfo().length }
      const stopped: WeakRef<Cluster>[] = []
      for (let i = 0; i < 4; i++) {
        stopped.push(await live(i % 2 === 0 ? path.join(folder, 'kept') : undefined, clock))
        expect([...clock.pending]).toEqual([])
      }
      // Fewer: the first life still had modules to load.
      expect(openFiles()).toBeLessThanOrEqual(before.files)
      expect(process.getActiveResourcesInfo().length).toBeLessThanOrEqual(before.active)
      collect()
      await new Promise((resolve) => setTimeout(resolve, 10))
      collect()
      expect(stopped.filter((each) => each.deref() !== undefined)).toHaveLength(0)
    },
  )
})
