import { writeFileSync } from 'node:fs'
import path from 'node:path'
import * as v from 'valibot'
import { parseAllDocuments } from 'yaml'
import { LabwrightError } from '../../protocol/errors/error.ts'
import { provisionerError } from '../../protocol/errors/provisioner.ts'
import { imageName } from '../../protocol/provisioner.ts'
import { runCommand } from './docker/command.ts'
import type { ExecResult } from './engine.ts'
import { lastWords } from './last-words.ts'

const GENERATE_MILLISECONDS = 30_000
const READINESS_SECONDS = 300
/** Its applying and pruning beside the waiting: for istiod first, then for both gateways. */
const INSTALL_MILLISECONDS = (2 * READINESS_SECONDS + 60) * 1000
const MAXIMUM_MANIFEST_BYTES = 64 << 20

export interface InstallOrder {
  profile: string
  /** The cluster's own folder. */
  folder: string
  /** Of an administrator. */
  kubeconfig: string
  signal: AbortSignal
}

export interface IstioInstaller {
  /** Of the demo profile, which has every component that lessons use, as pods name them. @throws ISTIOCTL_MISSING */
  images(signal: AbortSignal): Promise<string[]>
  /** Settles when every component is ready. @throws ISTIOCTL_MISSING, ISTIO_NOT_INSTALLED */
  install(order: InstallOrder): Promise<void>
}

/** The operator's istioctl: which Istio it installs, and from which registry, is its own. */
export class Istioctl implements IstioInstaller {
  readonly #file: string
  readonly #environment: Record<string, string>
  #images: string[] | undefined

  constructor(file: string, environment: Record<string, string>) {
    this.#file = file
    this.#environment = environment
  }

  async images(signal: AbortSignal): Promise<string[]> {
    if (this.#images !== undefined) return this.#images
    const limits = { timeoutMilliseconds: GENERATE_MILLISECONDS, maximumBytes: MAXIMUM_MANIFEST_BYTES, signal }
    const { exitCode, output, error } = await this.#run(['manifest', 'generate', '--set', 'profile=demo'], limits)
    if (exitCode !== 0) throw this.#missing(reasonOf(error))
    return (this.#images = imagesOfManifests(output))
  }

  async install({ profile, folder, kubeconfig, signal }: InstallOrder): Promise<void> {
    const file = path.join(folder, 'admin.kubeconfig')
    writeFileSync(file, kubeconfig, { mode: 0o600 })
    const args = ['install', '--set', `profile=${profile}`, '--skip-confirmation', '--kubeconfig', file]
    const wait = ['--readiness-timeout', `${READINESS_SECONDS}s`]
    const limits = { timeoutMilliseconds: INSTALL_MILLISECONDS, signal }
    const { exitCode, error } = await this.#run([...args, ...wait], limits).catch((cause: Error) => {
      if (cause instanceof LabwrightError || signal.aborted) throw cause
      throw provisionerError('ISTIO_NOT_INSTALLED', { reason: cause.message }, cause)
    })
    if (exitCode !== 0) throw provisionerError('ISTIO_NOT_INSTALLED', { reason: reasonOf(error) })
  }

  async #run(
    args: string[],
    limits: { timeoutMilliseconds: number; maximumBytes?: number; signal: AbortSignal },
  ): Promise<ExecResult> {
    try {
      return await runCommand(this.#file, args, { environment: this.#environment, ...limits })
    } catch (error) {
      limits.signal.throwIfAborted()
      if (['ENOENT', 'EACCES', 'ENOEXEC'].includes(codeOf(error))) throw this.#missing(codeOf(error), error)
      throw error
    }
  }

  #missing(reason: string, cause?: unknown): Error {
    const sentence = `LABWRIGHT_ISTIOCTL names ${this.#file}, which cannot be run (${reason})`
    return provisionerError('ISTIOCTL_MISSING', { reason: sentence }, cause)
  }
}

function codeOf(error: unknown): string {
  const { code, cause } = error as { code?: string; cause?: { code?: string } }
  return code ?? cause?.code ?? ''
}

interface Manifest {
  kind?: string
  metadata?: { name?: string }
  spec?: { template?: { spec?: { containers?: { image?: string }[] } } }
  data?: Record<string, string>
}

/** The images of workloads, and the one that is injected: gateways say `auto` and have that as well. */
export function imagesOfManifests(text: string): string[] {
  const images = new Set<string>()
  for (const document of parseAllDocuments(text)) {
    const manifest = document.toJS() as Manifest | null
    for (const { image = '' } of manifest?.spec?.template?.spec?.containers ?? []) images.add(image)
    const values = manifest?.metadata?.name?.startsWith('istio-sidecar-injector')
      ? manifest.data?.['values']
      : undefined
    if (values !== undefined) images.add(injectedImage(JSON.parse(values) as InjectorValues))
  }
  return [...images].filter((image) => image !== 'auto' && v.is(imageName, image)).sort()
}

interface InjectorValues {
  global?: { hub?: string; tag?: string; proxy?: { image?: string } }
}

function injectedImage({ global: { hub = '', tag = '', proxy = {} } = {} }: InjectorValues): string {
  const { image = '' } = proxy
  return image.includes('/') ? image : `${hub}/${image}:${tag}`
}

/** What istioctl says last is why it gave up. */
function reasonOf(error: string): string {
  return lastWords(error)?.replace(/^Error: /, '') ?? 'it did not say why'
}
