import { provisionerError } from '../../protocol/errors/provisioner.ts'
import { CommandMissing, reasonOfEngine, runCommand } from '../../server/provisioner/docker/command.ts'

/** Saving and loading move gigabytes, and a build may first fetch its base. */
const LONG_MILLISECONDS = 60 * 60_000

/** The container engine, by its own command line: it knows DOCKER_HOST, contexts and credentials. */
export class Engine {
  readonly #signal: AbortSignal

  constructor(signal: AbortSignal) {
    this.#signal = signal
  }

  /** @throws ENGINE_MISSING, ENGINE_UNREACHABLE */
  async requireRunning(): Promise<void> {
    const { exitCode, error } = await this.#run(['version', '--format', '{{.Server.Version}}'])
    if (exitCode !== 0) throw provisionerError('ENGINE_UNREACHABLE', { reason: reasonOfEngine(error) })
  }

  /** Runs `docker ARGS`; `what` says what for, after "could not". @throws ENGINE_REFUSED */
  async docker(what: string, args: readonly string[]): Promise<string> {
    const { exitCode, output, error } = await this.#run(args)
    if (exitCode !== 0) throw provisionerError('ENGINE_REFUSED', { what, reason: reasonOfEngine(error) })
    return output.trim()
  }

  /** Which of these images the engine has not. */
  async missing(images: readonly string[]): Promise<string[]> {
    const missing: string[] = []
    for (const image of images) if (!(await this.has(image))) missing.push(image)
    return missing
  }

  async has(image: string): Promise<boolean> {
    return (await this.#run(['image', 'inspect', '--format', '{{.Id}}', image])).exitCode === 0
  }

  async #run(args: readonly string[]) {
    const environment = Object.fromEntries(Object.entries(process.env).map(([name, value]) => [name, value ?? '']))
    const options = { environment, timeoutMilliseconds: LONG_MILLISECONDS, signal: this.#signal }
    try {
      return await runCommand('docker', args, options)
    } catch (error) {
      throw error instanceof CommandMissing ? provisionerError('ENGINE_MISSING', {}, error) : error
    }
  }
}
