import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { workspaceError } from '../../protocol/errors/workspace.ts'
import type { TaskView } from '../../protocol/session.ts'
import type { Verdict } from '../../protocol/verdict.ts'
import { ManualClock } from '../../protocol/clock.ts'
import { waitFor } from '../../test/support/waiting.ts'
import {
  createPool,
  type Cluster,
  type ClusterNotice,
  type ClusterProvider,
  type CreateOptions,
} from '../clusters/index.ts'
import { openSqliteStore, type Store } from '../store/index.ts'
import type { WorkspaceProvider } from '../workspaces/index.ts'
import { Labs } from './pinned-labs.ts'
import type { Session } from './session.ts'
import { Sessions } from './sessions.ts'
import { emptyShape } from './shapes.ts'

/** A lab of two tasks and two steps, as a folder. */
export const TINY_LAB = {
  'lab.yaml': `title: Tiny
summary: A tiny lab.
minutes: 5
cluster: { istio: absent }
steps:
  - { id: one, title: One, text: one.md }
  - { id: two, title: Two, text: two.md }
tasks:
  - id: first
    title: The first
    points: 5
    check: { shell: check.sh }
    hints: [{ text: free }, { text: dear, cost: 2 }]
  - id: second
    title: The second
    points: 3
    until: two
    check: { shell: check.sh }
`,
  'one.md': '# One\n\n`ls`{{exec}}\n\n{{task first}}\n\n{{task second}}\n',
  'two.md': '# Two\n',
  'check.sh': 'exit 0\n',
}

export function taskOf(session: Session, id: string): TaskView {
  return session.view().tasks.find((task) => task.id === id)!
}

/** Clusters that do what a test says. */
export class FakeClusters implements ClusterProvider {
  readonly name = 'simulated'
  readonly clusters = new Map<string, Set<(notice: ClusterNotice) => void>>()
  /** What `create` fails with next. */
  failure: Error | undefined
  /** False: watching tells nothing by itself. */
  answering = true

  /** By id: what each should begin with. */
  readonly asked = new Map<string, CreateOptions | undefined>()

  async create(id: string, _signal: AbortSignal, options?: CreateOptions): Promise<Cluster> {
    if (this.failure !== undefined) throw this.failure
    this.asked.set(id, options)
    this.clusters.set(id, this.clusters.get(id) ?? new Set())
    return this.#cluster(id)
  }

  async find(id: string): Promise<Cluster | undefined> {
    return this.clusters.has(id) ? this.#cluster(id) : undefined
  }

  /** Ids, in their order. */
  readonly resets: string[] = []

  resetFailure: Error | undefined

  async reset(id: string): Promise<void> {
    if (this.resetFailure !== undefined) throw this.resetFailure
    this.resets.push(id)
  }

  async delete(id: string): Promise<void> {
    this.clusters.delete(id)
  }

  async list(): Promise<string[]> {
    return [...this.clusters.keys()]
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  /** Tells every watcher of every cluster. */
  tell(notice: ClusterNotice): void {
    for (const listeners of this.clusters.values()) for (const listener of listeners) listener(notice)
  }

  #cluster(id: string): Cluster {
    return {
      id,
      credentials: (identity) => ({
        server: 'https://127.0.0.1:1',
        certificateAuthority: '',
        token: `${identity} of ${id}`,
      }),
      probe: () => Promise.reject(new Error('not in this test')),
      watch: (listener) => {
        this.clusters.get(id)?.add(listener)
        if (this.answering) queueMicrotask(() => listener({ type: 'READY' }))
        return { [Symbol.dispose]: () => void this.clusters.get(id)?.delete(listener) }
      },
    }
  }
}

/** Workspaces that remember what was asked of them. */
export class FakeWorkspaces implements WorkspaceProvider {
  readonly whyPlain = undefined
  readonly standpoint = 'machine'
  readonly made = new Map<string, string>()
  readonly files = new Map<string, string>()
  failure: Error | undefined
  /** Those that this run of the server knows. */
  readonly opened = new Set<string>()

  async create({ id, kubeconfig }: { id: string; kubeconfig: string }) {
    if (this.failure !== undefined) throw this.failure
    this.made.set(id, kubeconfig)
    this.opened.add(id)
    return { id, sandboxed: true, notes: ['kubectl is missing'] }
  }

  shell(id: string) {
    if (!this.opened.has(id)) throw workspaceError('WORKSPACE_MISSING')
    return { command: 'bash', arguments: [], folder: '/', environment: {} }
  }

  async writeFile(_: string, file: string, text: string): Promise<string> {
    this.files.set(file, text)
    return `~/${file}`
  }

  run(): Promise<never> {
    return Promise.reject(new Error('not in this test'))
  }

  async delete(id: string): Promise<void> {
    this.made.delete(id)
  }

  async close(): Promise<void> {}
}

/** A server's sessions over fakes and a real store. `restart` is what a restart of the server does to them. */
export class World {
  readonly clock = new ManualClock()
  readonly clusters = new FakeClusters()
  readonly workspaces = new FakeWorkspaces()
  readonly endedShells: string[] = []
  readonly errors: unknown[] = []
  /** What the next checks say. */
  verdict: Omit<Verdict, 'milliseconds'> = { state: 'met', code: 'ok', reason: 'fine', evidence: [] }
  readonly folder: string
  store: Store
  sessions: Sessions

  private constructor(folder: string) {
    this.folder = folder
    this.store = this.#openStore()
    this.sessions = this.#open()
  }

  static async create(lab: Record<string, string> = TINY_LAB): Promise<World> {
    const folder = await mkdtemp(path.join(os.tmpdir(), 'labwright-sessions-'))
    const world = new World(folder)
    await world.writeLab('tiny', lab)
    await world.sessions.recover()
    return world
  }

  async writeLab(id: string, files: Record<string, string>): Promise<void> {
    await mkdir(path.join(this.folder, 'labs', id), { recursive: true })
    for (const [name, text] of Object.entries(files)) await writeFile(path.join(this.folder, 'labs', id, name), text)
  }

  /** Ada's session of the lab, once it is ready. */
  async ready(): Promise<Session> {
    const session = await this.sessions.start('ada', 'tiny')
    await waitFor(() => session.state === 'ready')
    return session
  }

  /** Checks a task and waits for what is said of it. */
  async check(session: Session, task: string): Promise<TaskView> {
    await session.check(task)
    await waitFor(() => taskOf(session, task).state !== 'checking')
    return taskOf(session, task)
  }

  async restart(): Promise<void> {
    await this.sessions[Symbol.asyncDispose]()
    await this.store[Symbol.asyncDispose]()
    this.workspaces.opened.clear()
    this.store = this.#openStore()
    this.sessions = this.#open()
    await this.sessions.recover()
  }

  async copyLab(id: string, as: string): Promise<void> {
    await cp(path.join(this.folder, 'labs', id), path.join(this.folder, 'labs', as), { recursive: true })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.sessions[Symbol.asyncDispose]()
    await this.store[Symbol.asyncDispose]()
    await rm(this.folder, { recursive: true })
  }

  #openStore(): Store {
    return openSqliteStore({ folder: path.join(this.folder, 'data'), now: () => this.clock.now() })
  }

  #open(): Sessions {
    const log = (error: unknown) => void this.errors.push(error)
    return new Sessions({
      store: this.store,
      clock: this.clock,
      provider: this.clusters,
      pool: createPool(this.clusters, { wanted: () => [], clock: this.clock, onError: log }),
      shapeOf: emptyShape,
      workspaces: this.workspaces,
      labs: new Labs({
        folder: path.join(this.folder, 'labs'),
        dataFolder: path.join(this.folder, 'data'),
        onBadLab: (_, error) => log(error),
      }),
      check: async () => ({ ...this.verdict, milliseconds: 1 }),
      endShells: async (session) => void this.endedShells.push(session),
      log,
    })
  }
}
