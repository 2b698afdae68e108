import { existsSync } from 'node:fs'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ManualClock } from '../../protocol/clock.ts'
import { createPool, type ClusterPool } from '../../server/clusters/pool.ts'
import { BARE } from '../../server/clusters/shape.ts'
import { KindClusters } from '../../server/clusters/kind/index.ts'
import { provisionerApp } from '../../server/provisioner/app.ts'
import { Provisioner } from '../../server/provisioner/provisioner.ts'
import { GRACE_MILLISECONDS } from '../../server/provisioner/sweep.ts'
import { FakeEngine, FakeWorld } from '../support/fake-engine.ts'

const CYCLES = 500
const SEED = Number(process.env['SEED'] ?? Math.floor(Math.random() * 2 ** 32))
const FAULTS = 0.08
const LIMIT_MILLISECONDS = 20_000

let folder: string
beforeAll(async () => {
  // In memory where there is such a place: thousands of intents are written through to the disk.
  folder = await mkdtemp(path.join(existsSync('/dev/shm') ? '/dev/shm' : os.tmpdir(), 'labwright-faults-'))
})
afterAll(() => rm(folder, { recursive: true }))

/** Server, provisioner and engine, without their sockets: each may die at any time. */
class Stage {
  readonly world = new FakeWorld(SEED)
  engine!: FakeEngine
  provisioner!: Provisioner
  pool!: ClusterPool
  clusters!: KindClusters
  /** Clusters that sessions hold. */
  readonly held = new Set<string>()

  start(): void {
    const engine = new FakeEngine(this.world)
    const provisioner = new Provisioner({
      engine,
      folder,
      atOnce: 2,
      diskMebibytes: 1000,
      log: () => undefined,
      now: () => this.world.now,
    })
    const app = provisionerApp(provisioner, () => undefined)
    const clusters = new KindClusters(async ({ method = 'GET', path, body, signal }) => {
      const answer = await app.request(path, {
        method,
        signal,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      const text = await answer.text()
      return { status: answer.status, body: text === '' ? undefined : (JSON.parse(text) as unknown) }
    })
    const pool = createPool(clusters, {
      wanted: () => [{ shape: BARE, size: 1 }],
      clock: new ManualClock(),
      onError: () => undefined,
    })
    Object.assign(this, { engine, provisioner, clusters, pool })
    pool.adopt(this.held).catch(() => undefined)
  }

  /** The server and its provisioner die together; what they asked of the engine is never answered. */
  die(): void {
    this.engine.kill()
    this.start()
    this.provisioner.sweep().catch(() => undefined)
  }
}

test(`no orphan, nothing stuck, no cluster claimed twice in ${CYCLES} cycles of faults and deaths (SEED=${SEED})`, async () => {
  const stage = new Stage()
  stage.start()
  stage.world.faults = FAULTS
  const { random } = stage.world
  const claimed = new Set<string>()
  for (let cycle = 0; cycle < CYCLES; cycle += 1) {
    const { pool, clusters } = stage
    const dies = random() < 0.3
    const work = (async () => {
      const { id } = (await pool.claim(BARE, AbortSignal.timeout(LIMIT_MILLISECONDS))).cluster
      if (stage.pool !== pool) return
      expect(stage.held.has(id), `${id} was claimed twice`).toBe(false)
      stage.held.add(id)
      claimed.add(id)
      if (random() < 0.5) await clusters.createToolbox(id, { session: `s${cycle}` })
      if (random() < 0.5) return
      if (random() < 0.3) await clusters.reset(id)
      await clusters.delete(id)
      stage.held.delete(id)
    })()
    const settled = work.then(
      () => 'done',
      (error: unknown) => ((error as Error).name === 'AssertionError' ? Promise.reject(error as Error) : 'refused'),
    )
    if (dies) {
      const turns = Math.floor(random() * 60)
      for (let turn = 0; turn < turns; turn += 1) await new Promise((resolve) => setImmediate(resolve))
      settled.catch(() => undefined)
      stage.die()
    } else expect(await Promise.race([settled, late(`cycle ${cycle}`)])).toMatch(/done|refused/)
  }
  await end(stage)
  expect(claimed.size).toBeGreaterThan(CYCLES / 5)
}, 120_000)

/** No more faults: sessions end, the sweeper runs, and then nothing may be left, neither in the engine nor on disk. */
async function end(stage: Stage): Promise<void> {
  stage.world.faults = 0
  stage.die()
  await Promise.race([stage.provisioner.sweep(), late('the last sweep')])
  await stage.pool[Symbol.asyncDispose]()
  for (const id of await stage.clusters.list()) await Promise.race([stage.clusters.delete(id), late(`deleting ${id}`)])
  stage.world.now += 2 * GRACE_MILLISECONDS
  await stage.provisioner.sweep()
  expect([...stage.world.objects.keys()]).toEqual([])
  expect((await stage.provisioner.orphans()).steps).toEqual([])
  expect((await readdir(folder)).filter((name) => name !== 'installation')).toEqual([])
}

function late(what: string): Promise<never> {
  return new Promise((_, reject) => {
    setTimeout(() => reject(new Error(`${what} is stuck`)), LIMIT_MILLISECONDS).unref()
  })
}
