import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { LabwrightError } from '../../../protocol/errors/error.ts'
import { provisionerError } from '../../../protocol/errors/provisioner.ts'
import {
  toolboxOf,
  type ClusterName,
  type CreateNodes,
  type CreateToolbox,
  type Engine,
  type ExecOptions,
  type ExecResult,
  type LoadImages,
  type OwnedObject,
} from '../engine.ts'
import { withTag } from '../images.ts'
import { THAW } from '../thaw.ts'
import { CommandMissing, reasonOfEngine, runCommand } from './command.ts'
import { endCreators } from './creators.ts'
import { firewallArguments } from './firewall.ts'
import { renderKindConfig } from './kind-config.ts'
import { loadIntoNode } from './load-images.ts'
import { INSTALLATION_LABEL, KIND_LABEL, ownedOf } from './listing.ts'
import { addNetwork } from './networks.ts'
import { formerOf, lacksQuota, toolboxArguments, type ToolboxParts } from './toolbox.ts'

/** Of what the engine answers at once. */
const QUICK_MILLISECONDS = 30_000
const CREATE_MILLISECONDS = 5 * 60_000
/** How long kind waits for the nodes to be ready. */
const WAIT_SECONDS = 90
const REMOVE_ROUNDS = 10
const THAW_MILLISECONDS = 3000
const REMOVE_PAUSE_MILLISECONDS = 300

export interface DockerEngineOptions {
  /** Environment of `docker` and `kind`: PATH, HOME, DOCKER_HOST … */
  environment: Record<string, string>
  /** Folder of the templates. */
  templates: string
  nodeImage: string
  /** False: the operator accepts that clusters reach this machine's own services. */
  hasFirewall: boolean
  /** Of learners' shells. */
  workspaceImage: string
}

/** Docker and kind by their command lines. */
export class DockerEngine implements Engine {
  readonly #options: DockerEngineOptions
  /** Networks are made one after another: each looks for the lowest free one. */
  #networks: Promise<unknown> = Promise.resolve()
  /** False once the engine said that it keeps none. */
  #hasQuota = true

  constructor(options: DockerEngineOptions) {
    this.#options = options
  }

  async check(signal: AbortSignal): Promise<void> {
    await this.#docker(['version', '--format', '{{.Server.Version}}'], { signal })
    await this.#run('kind', ['version'], { signal })
    const image = this.#options.nodeImage
    if (!(await this.#hasAll([image], signal))) throw provisionerError('NODE_IMAGE_MISSING', { image })
  }

  async missing(images: readonly string[], signal: AbortSignal): Promise<string[]> {
    const tagged = images.map(withTag)
    if (tagged.length === 0 || (await this.#hasAll(tagged, signal))) return []
    const missing: string[] = []
    for (const [index, image] of images.entries())
      if (!(await this.#hasAll([tagged[index]!], signal))) missing.push(image)
    return missing
  }

  createNetwork(cluster: ClusterName, signal: AbortSignal): Promise<void> {
    const made = this.#networks.then(() => this.#createNetwork(cluster, signal))
    this.#networks = made.catch(() => undefined)
    return made
  }

  async createNodes({ cluster, folder, limits, signal }: CreateNodes): Promise<string> {
    const { templates, nodeImage } = this.#options
    const { text, files } = renderKindConfig({ templates, folder }, nodeImage)
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    for (const [name, content] of Object.entries({ ...files, 'kind.json': text }))
      writeFileSync(path.join(folder, name), content, { mode: 0o600 })
    const kubeconfig = path.join(folder, 'admin.kubeconfig')
    const args = ['create', 'cluster', '--name', cluster.name, '--config', path.join(folder, 'kind.json')]
    const { exitCode, error } = await this.#run(
      'kind',
      [...args, '--kubeconfig', kubeconfig, '--image', nodeImage, '--wait', `${WAIT_SECONDS}s`],
      {
        signal,
        timeoutMilliseconds: CREATE_MILLISECONDS,
        environment: { KIND_EXPERIMENTAL_DOCKER_NETWORK: cluster.name },
      },
    )
    if (exitCode !== 0) throw new Error(kindsReason(error))
    const nodes = (await this.#owned(cluster)).filter(({ kind }) => kind === 'node').map(({ name }) => name)
    const memory = `${limits.memoryMebibytes}m`
    await this.#docker(
      [
        'update',
        '--cpus',
        String(limits.cpus),
        '--memory',
        memory,
        '--memory-swap',
        memory,
        '--pids-limit',
        String(limits.processes),
        ...nodes,
      ],
      { signal },
    )
    return readFileSync(kubeconfig, 'utf8')
  }

  async loadImages({ cluster, images, signal }: LoadImages): Promise<void> {
    const { environment } = this.#options
    const nodes = (await this.#owned(cluster)).filter(({ kind }) => kind === 'node')
    for (const { name } of nodes) await loadIntoNode(name, { images, environment, signal })
  }

  async createToolbox({ cluster, folder, session, renew, signal }: CreateToolbox): Promise<void> {
    const image = this.#options.workspaceImage
    const [now, before] = await this.#toolboxes(cluster)
    if (now !== undefined && renew !== true) {
      if (now.state !== 'running')
        await this.#docker([now.state === 'paused' ? 'unpause' : 'start', now.name], { signal })
      return
    }
    if (!(await this.#hasAll([image], signal))) throw provisionerError('WORKSPACE_IMAGE_MISSING', { image })
    const former = now === undefined && before === undefined ? undefined : formerOf(cluster)
    if (now !== undefined) {
      if (before !== undefined) await this.#docker(['rm', '--force', before.name], { signal })
      await this.#docker(['rename', now.name, formerOf(cluster)], { signal })
    }
    // Two hosts would call at the same door.
    if (former !== undefined) await this.#docker(['stop', '--time', '1', former], { signal })
    await this.#runToolbox({ cluster, image, folder, session, former }, signal)
    if (former !== undefined) await this.#docker(['rm', '--force', former], { signal })
  }

  async #runToolbox(parts: Omit<ToolboxParts, 'hasQuota'>, signal: AbortSignal): Promise<void> {
    const run = () => this.#run('docker', toolboxArguments({ ...parts, hasQuota: this.#hasQuota }), { signal })
    const removeFailed = () => this.#removeAll(['rm', '--force', '--volumes', toolboxOf(parts.cluster)], true)
    let result = await run()
    if (result.exitCode !== 0 && this.#hasQuota && lacksQuota(result.error)) {
      this.#hasQuota = false
      await removeFailed()
      result = await run()
    }
    if (result.exitCode === 0) return
    // What was made and could not be started would be taken for one that stands still.
    await removeFailed()
    throw provisionerError('ENGINE_REFUSED', { what: 'start a toolbox', reason: reasonOfEngine(result.error) })
  }

  async removeToolbox(cluster: ClusterName): Promise<void> {
    const own = (await this.#toolboxes(cluster)).filter((each) => each !== undefined)
    if (own.length === 0) return
    await this.#loosen(own)
    await this.#removeAll(['rm', '--force', '--volumes', ...own.map(({ name }) => name)], true)
  }

  /** The toolbox, and one that was being replaced by it when its provisioner died. */
  async #toolboxes(cluster: ClusterName): Promise<[OwnedObject | undefined, OwnedObject | undefined]> {
    const own = await this.#owned(cluster)
    const named = (wanted: string) => own.find(({ name }) => name === wanted)
    return [named(toolboxOf(cluster)), named(formerOf(cluster))]
  }

  async owned(installation: string): Promise<OwnedObject[]> {
    const listing = async (args: string[]) =>
      (await this.#docker([...args, '--no-trunc', '--format', '{{json .}}'], {})).output
    const [nodes, others, networks] = await Promise.all([
      listing(['ps', '--all', '--filter', `label=${KIND_LABEL}`]),
      listing(['ps', '--all', '--filter', `label=${INSTALLATION_LABEL}=${installation}`]),
      listing(['network', 'ls', '--filter', `label=${INSTALLATION_LABEL}=${installation}`]),
    ])
    const containers = [...ownedOf(nodes, 'container', installation), ...ownedOf(others, 'container', installation)]
    return [
      ...new Map(containers.map((container) => [container.name, container])).values(),
      ...ownedOf(networks, 'network', installation),
    ]
  }

  async remove(cluster: ClusterName): Promise<void> {
    for (let round = 1; ; round += 1) {
      const hadCreator = endCreators(cluster.name)
      const own = await this.#owned(cluster)
      if (own.length === 0 && !hadCreator) return
      const of = (network: boolean) =>
        own.filter(({ kind }) => (kind === 'network') === network).map(({ name }) => name)
      const isLast = round === REMOVE_ROUNDS
      await this.#loosen(own)
      if (of(false).length > 0) await this.#removeAll(['rm', '--force', '--volumes', ...of(false)], isLast)
      if (of(true).length > 0) await this.#removeAll(['network', 'rm', ...of(true)], isLast)
      // What the engine was told before its client was killed may still come up: only an empty look ends this.
      if (hadCreator) await sleep(REMOVE_PAUSE_MILLISECONDS)
    }
  }

  async set(cluster: ClusterName, state: 'paused' | 'running'): Promise<void> {
    const nodes = (await this.#owned(cluster)).filter(({ kind }) => kind !== 'network')
    const names = (wanted: OwnedObject['state']) =>
      nodes.filter((node) => node.state === wanted).map(({ name }) => name)
    if (names('stopped').length > 0) await this.#docker(['start', ...names('stopped')], {})
    const paused = state === 'paused' ? [...names('running'), ...names('stopped')] : []
    if (paused.length > 0) await this.#docker(['pause', ...paused], {})
    if (state === 'running' && names('paused').length > 0) await this.#docker(['unpause', ...names('paused')], {})
  }

  exec(
    node: string,
    command: readonly string[],
    { input, timeoutMilliseconds, ...rest }: ExecOptions,
  ): Promise<ExecResult> {
    // Ending `docker exec` leaves the program in the node alone: it needs a limit of its own.
    const limited = ['timeout', '--kill-after=2', String(Math.ceil(timeoutMilliseconds / 1000)), ...command]
    const interactive = input === undefined ? [] : ['--interactive']
    return this.#run('docker', ['exec', ...interactive, node, ...limited], {
      ...rest,
      ...(input === undefined ? {} : { input }),
      timeoutMilliseconds: timeoutMilliseconds + 5000,
    })
  }

  async #hasAll(images: readonly string[], signal: AbortSignal): Promise<boolean> {
    const args = ['image', 'inspect', '--format', '{{.Id}}', ...images]
    return (await this.#run('docker', args, { signal })).exitCode === 0
  }

  async #owned(cluster: ClusterName): Promise<OwnedObject[]> {
    return (await this.owned(cluster.installation)).filter((object) => object.cluster === cluster.name)
  }

  async #createNetwork(cluster: ClusterName, signal: AbortSignal): Promise<void> {
    const own = (await this.#owned(cluster)).some(({ kind }) => kind === 'network')
    if (own) return
    await this.protect(signal)
    const { exitCode, error } = await addNetwork((args) => this.#run('docker', args, { signal }), cluster)
    if (exitCode !== 0)
      throw provisionerError('ENGINE_REFUSED', { what: 'make a network', reason: reasonOfEngine(error) })
  }

  async protect(signal: AbortSignal): Promise<void> {
    const { hasFirewall, nodeImage } = this.#options
    if (!hasFirewall) return
    const { exitCode, error } = await this.#run('docker', firewallArguments(nodeImage), { signal })
    if (exitCode !== 0) throw provisionerError('FIREWALL_REFUSED', { reason: reasonOfEngine(error) })
  }

  /** Makes nodes killable: frozen ones, and what is frozen in them. What cannot be loosened is left to the engine. */
  async #loosen(own: readonly OwnedObject[]): Promise<void> {
    const containers = own.filter(({ kind }) => kind !== 'network')
    const paused = containers.filter(({ state }) => state === 'paused').map(({ name }) => name)
    if (paused.length > 0) await this.#run('docker', ['unpause', ...paused], {})
    const nodes = containers.filter(({ kind, state }) => kind === 'node' && state !== 'stopped')
    await Promise.allSettled(
      nodes.map(({ name }) => this.exec(name, ['sh', '-c', THAW], { timeoutMilliseconds: THAW_MILLISECONDS })),
    )
  }

  /** What is gone already is no error; what is still held is tried again, unless it is the last time. */
  async #removeAll(args: string[], isLast: boolean): Promise<void> {
    const { exitCode, error } = await this.#run('docker', args, {})
    if (exitCode === 0 || /no such|not found|already in progress/i.test(error)) return
    if (isLast) throw provisionerError('ENGINE_REFUSED', { what: 'remove a cluster', reason: reasonOfEngine(error) })
    await sleep(REMOVE_PAUSE_MILLISECONDS)
  }

  /** Runs docker; what it refuses is an error. */
  async #docker(args: string[], options: Partial<ExecOptions>): Promise<ExecResult> {
    const result = await this.#run('docker', args, options)
    if (result.exitCode === 0) return result
    const reason = reasonOfEngine(result.error)
    if (/cannot connect|permission denied|error during connect|no such host/i.test(result.error))
      throw provisionerError('ENGINE_UNREACHABLE', { reason })
    throw provisionerError('ENGINE_REFUSED', { what: `do "docker ${args.slice(0, 2).join(' ')}"`, reason })
  }

  async #run(
    command: 'docker' | 'kind',
    args: readonly string[],
    { environment, ...options }: Partial<ExecOptions> & { environment?: Record<string, string> },
  ): Promise<ExecResult> {
    try {
      return await runCommand(command, args, {
        timeoutMilliseconds: QUICK_MILLISECONDS,
        ...options,
        environment: { ...this.#options.environment, ...environment },
      })
    } catch (error) {
      if (error instanceof CommandMissing)
        throw provisionerError(command === 'kind' ? 'KIND_MISSING' : 'ENGINE_MISSING', {}, error)
      if (error instanceof LabwrightError || command === 'kind') throw error
      options.signal?.throwIfAborted()
      throw provisionerError('ENGINE_UNREACHABLE', { reason: (error as Error).message }, error)
    }
  }
}

/** kind's own sentence is the line that begins with ERROR; what its commands said follows. */
export function kindsReason(error: string): string {
  return reasonOfEngine(error.split('\n').find((each) => each.startsWith('ERROR: ')) ?? error)
}
