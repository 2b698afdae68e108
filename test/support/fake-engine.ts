import {
  toolboxOf,
  type ClusterName,
  type CreateNodes,
  type CreateToolbox,
  type Engine,
  type ExecResult,
  type LoadImages,
  type OwnedObject,
} from '../../server/provisioner/engine.ts'

/** Numbers from 0 to 1 that follow from a seed (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

/** What a container engine holds: it outlives everyone who talks to it. */
export class FakeWorld {
  readonly objects = new Map<string, OwnedObject>()
  readonly images = new Set<string>()
  /** Images in nodes, by the name of their cluster. */
  readonly loaded = new Map<string, string[]>()
  readonly random: () => number
  /** Of calls that fail; a third of them after they took effect. */
  faults = 0
  /** End of a container's name -> mebibytes that `du` finds in it. */
  readonly disks = new Map<string, number>()
  /** Milliseconds since 1970. */
  now = 0
  #ports = 30_000

  constructor(seed: number) {
    this.random = randomFrom(seed)
  }

  port(): number {
    return (this.#ports += 1)
  }
}

/** One client of the world. After `kill` nothing that it was asked ever answers, as for a process that died. */
export class FakeEngine implements Engine {
  readonly #world: FakeWorld
  #dead = false

  constructor(world: FakeWorld) {
    this.#world = world
  }

  kill(): void {
    this.#dead = true
  }

  check(): Promise<void> {
    return this.#do(() => undefined)
  }

  missing(images: readonly string[]): Promise<string[]> {
    return this.#do(() => images.filter((image) => !this.#world.images.has(image)))
  }

  protect(): Promise<void> {
    return this.#do(() => undefined)
  }

  createNetwork({ name }: ClusterName): Promise<void> {
    return this.#do(() => this.#add('network', name, name))
  }

  /** Makes the node first and is ready much later, as kind: there is a long time in between to die in. */
  async createNodes({ cluster: { name }, signal }: CreateNodes): Promise<string> {
    await this.#do(() => this.#add('node', `${name}-control-plane`, name))
    for (let step = 0; step < 3; step += 1) {
      signal.throwIfAborted()
      await this.#do(() => undefined)
    }
    const server = `https://127.0.0.1:${this.#world.port()}`
    return `clusters: [{cluster: {server: '${server}', certificate-authority-data: Q0E=}}]`
  }

  async loadImages({ cluster: { name }, images, signal }: LoadImages): Promise<void> {
    await this.#do(() => undefined)
    signal.throwIfAborted()
    await this.#do(() => {
      if (!this.#world.objects.has(`node ${name}-control-plane`)) throw new Error(`${name} has no node`)
      this.#world.loaded.set(name, [...images])
    })
  }

  /** As the engine: what is there stays, and only a network that is there takes a container. */
  createToolbox({ cluster }: CreateToolbox): Promise<void> {
    return this.#do(() => {
      if (!this.#world.objects.has(`network ${cluster.name}`)) throw new Error(`there is no network ${cluster.name}`)
      const there = this.#world.objects.get(`container ${toolboxOf(cluster)}`)
      if (there === undefined) this.#add('container', toolboxOf(cluster), cluster.name)
      else there.state = 'running'
    })
  }

  removeToolbox(cluster: ClusterName): Promise<void> {
    return this.#do(() => void this.#world.objects.delete(`container ${toolboxOf(cluster)}`))
  }

  owned(installation: string): Promise<OwnedObject[]> {
    const mine = ({ cluster }: OwnedObject) => cluster.startsWith(`lw-${installation}-`)
    return this.#do(() => [...this.#world.objects.values()].filter(mine).map((object) => ({ ...object })))
  }

  async remove({ name }: ClusterName): Promise<void> {
    for (const [key, object] of this.#world.objects)
      if (object.cluster === name) await this.#do(() => this.#world.objects.delete(key))
  }

  set({ name }: ClusterName, state: 'paused' | 'running'): Promise<void> {
    return this.#do(() => {
      for (const object of this.#world.objects.values())
        if (object.cluster === name && object.kind !== 'network') object.state = state
    })
  }

  exec(node: string, command: readonly string[] = []): Promise<ExecResult> {
    if (command.includes('du')) return this.#diskUse(node)
    return this.#do(() => {
      if (!this.#world.objects.has(`node ${node}`)) throw new Error(`there is no container ${node}`)
      const identity = 'users: [{user: {client-certificate-data: Q0VSVA==, client-key-data: S0VZ}}]'
      return { exitCode: 0, output: `${identity}\n---\n${identity}\n---\n`, error: '' }
    })
  }

  #diskUse(container: string): Promise<ExecResult> {
    const size = [...this.#world.disks].find(([end]) => container.endsWith(end))?.[1]
    return this.#do(() => ({ exitCode: size === undefined ? 1 : 0, output: `${size ?? ''}\t/var\n`, error: '' }))
  }

  #add(kind: OwnedObject['kind'], name: string, cluster: string): void {
    const key = `${kind} ${name}`
    if (kind === 'node' && this.#world.objects.has(key)) throw new Error(`${name} exists already`)
    this.#world.objects.set(key, { kind, name, cluster, createdAt: this.#world.now, state: 'running' })
  }

  /** An engine takes its time, fails before or after it did what it was asked, and never answers the dead. */
  #do<T>(effect: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      const { random, faults } = this.#world
      const turns = Math.floor(random() * 4)
      const wait = (left: number): void => {
        if (this.#dead) return
        if (left > 0) return void setImmediate(() => wait(left - 1))
        const fault = random()
        if (fault < (faults * 2) / 3) return reject(new Error('the engine failed'))
        try {
          const value = effect()
          // Dead between the deed and the answer.
          if (fault < faults) return reject(new Error('the engine failed after the deed'))
          resolve(value)
        } catch (error) {
          reject(error)
        }
      }
      wait(turns)
    })
  }
}
