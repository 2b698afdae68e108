import type { KubeObject } from '../kubernetes/index.ts'
import { ExecutableNotFound, type ContainerShell, type Image, type ProgramContext } from '../programs/index.ts'
import type { Container } from './container.ts'
import { Console } from './console.ts'
import { expand } from './environment.ts'
import { portOf, probe, runToEnd } from './probe.ts'
import { runProbeLoop, type ProbeKind } from './probe-loop.ts'
import { sleep } from './sleep.ts'

interface RunOptions {
  container: Container
  definition: Image
  env: Record<string, string>
  /** It ran before this process of the host did. */
  adopting: boolean
}

export interface HealthListeners {
  adopted: boolean
  started: () => void
  ready: (ready: boolean) => void
  event: (type: 'Normal' | 'Warning', reason: string, message: string) => void
}

const attachMilliseconds = 500
const killedExitCode = 137
const startErrorExitCode = 128

export interface RunEnd {
  exitCode: number
  /** By SIGKILL from the node. */
  killed: boolean
  /** Why its command could not be started at all. */
  startFailure?: string
}

/** One run of a container: from start to exit. Everything that it opened is closed when it ends. */
export class ContainerRun {
  readonly shell: ContainerShell
  readonly exited: Promise<RunEnd>
  /** Fires when the run is over. */
  readonly ended = new AbortController()
  readonly console: Console | undefined
  #killed = false
  #startFailure: string | undefined
  #resolveKill: (exitCode: number) => void = () => {}
  readonly #container: Container
  readonly #terminate = new AbortController()

  constructor({ container, definition, env, adopting }: RunOptions) {
    this.#container = container
    const { node, pod, sandbox } = container.host
    const { spec } = container
    const log = (line: string): void => container.log.write(line)
    const random = node.random.fork(`${pod.metadata.uid}/${spec.name}`)
    this.shell = node.createShell({
      pod,
      container: spec.name,
      image: definition,
      env,
      ...(spec.workingDir === undefined ? {} : { workingDirectory: spec.workingDir }),
      sockets: sandbox,
      clock: node.clock,
      random,
      files: () => container.host.filesOf(spec),
      mounts: node.sharedVolumes.mountsOf(pod, spec),
    })
    if (spec.stdin === true) this.console = new Console()
    const open: Disposable[] = []
    const keep = (disposable: Disposable): Disposable => {
      open.push(disposable)
      return disposable
    }
    const context: ProgramContext = {
      pod,
      container: spec.name,
      image: spec.image,
      command: (spec.command ?? []).map((text: string) => expand(text, env)),
      args: (spec.args ?? []).map((text: string) => expand(text, env)),
      env,
      log,
      listen: (port, handler) =>
        keep(
          sandbox.listen(port, (request, meta) => {
            this.requests++
            return handler(request, meta)
          }),
        ),
      listenTcp: (port, handler) => keep(sandbox.listenTcp(port, handler)),
      call: (request, options) =>
        sandbox.call(request, { ...options, container: spec.name, signal: this.ended.signal }),
      shell: this.shell,
      ...(this.console && { console: this.console.streams(spec.tty === true, log, this.#terminate.signal) }),
      api: node.api,
      clock: node.clock,
      random,
      signal: this.#terminate.signal,
    }
    const killed = new Promise<number>((resolve) => (this.#resolveKill = resolve))
    this.exited = this.#finish(Promise.race([this.#execute(definition, context, adopting), killed]), open)
  }

  /** Requests served so far, for `kubectl top`. */
  requests = 0

  /** preStop, SIGTERM, then SIGKILL when the grace period is over. */
  async end(graceSeconds: number): Promise<void> {
    const { clock } = this.#container.host.node
    const done = new AbortController()
    const timer = clock.after(graceSeconds * 1000, () => this.kill())
    void this.exited.then(() => done.abort())
    await Promise.race([this.#preStop(), this.exited])
    this.#terminate.abort()
    await this.exited
    timer[Symbol.dispose]()
  }

  kill(): void {
    this.#killed = true
    this.#terminate.abort()
    this.#resolveKill(killedExitCode)
  }

  /** Runs the postStart hook and the probes; restarts the container when startup or liveness fails. */
  watchHealth(listeners: HealthListeners): void {
    void this.#watchHealth(listeners)
  }

  async #watchHealth({ adopted, started, ready, event }: HealthListeners): Promise<void> {
    const { spec } = this.#container
    if (!adopted && !(await this.#postStart(event))) return
    const { startupProbe, readinessProbe, livenessProbe } = spec
    const begin = (): void => {
      started()
      if (readinessProbe === undefined) ready(true)
      else void this.#loop('Readiness', readinessProbe, event, ready)
      if (livenessProbe !== undefined) {
        void this.#loop('Liveness', livenessProbe, event, (ok) => ok || this.#restart('liveness', livenessProbe, event))
      }
    }
    if (startupProbe === undefined || adopted) begin()
    else
      void this.#loop('Startup', startupProbe, event, (ok) =>
        ok ? begin() : this.#restart('startup', startupProbe, event),
      )
  }

  #loop(
    kind: ProbeKind,
    settings: KubeObject['spec'],
    event: HealthListeners['event'],
    changed: (ok: boolean) => void,
  ) {
    return runProbeLoop(this.#container.host.node.clock, kind, settings, this.#target(), {
      changed,
      failed: (message) => event('Warning', 'Unhealthy', `${kind} probe failed: ${message}`),
    })
  }

  #restart(kind: 'liveness' | 'startup', settings: KubeObject['spec'], event: HealthListeners['event']): void {
    const { spec, host } = this.#container
    event('Normal', 'Killing', `Container ${spec.name} failed ${kind} probe, will be restarted`)
    void this.end(settings.terminationGracePeriodSeconds ?? host.pod.spec.terminationGracePeriodSeconds ?? 30)
  }

  #target() {
    const { host, spec } = this.#container
    return { sandbox: host.sandbox, container: spec, shell: this.shell, signal: this.ended.signal }
  }

  async #postStart(event: HealthListeners['event']): Promise<boolean> {
    const hook = this.#container.spec.lifecycle?.postStart
    if (hook === undefined) return true
    const result = await this.#hook(hook)
    if (result === undefined || this.ended.signal.aborted) return !this.ended.signal.aborted
    event('Warning', 'FailedPostStartHook', `PostStartHook failed: ${result}`)
    event('Normal', 'Killing', 'FailedPostStartHook')
    await this.end(this.#container.host.pod.spec.terminationGracePeriodSeconds ?? 30)
    return false
  }

  async #preStop(): Promise<void> {
    const hook = this.#container.spec.lifecycle?.preStop
    if (hook === undefined) return
    const failure = await this.#hook(hook)
    const { node, pod } = this.#container.host
    if (failure !== undefined && !this.ended.signal.aborted) {
      node.recorder.record(pod, 'Warning', 'FailedPreStopHook', 'PreStopHook failed', {
        fieldPath: this.#container.fieldPath,
      })
    }
  }

  /** Resolves to why it failed; undefined when it did not. */
  async #hook(hook: KubeObject['spec']): Promise<string | undefined> {
    const { host, spec } = this.#container
    if (hook.sleep) {
      await sleep(host.node.clock, hook.sleep.seconds * 1000, this.ended.signal)
      return undefined
    }
    if (hook.exec) {
      const { exitCode, output } = await runToEnd(this.shell, hook.exec.command ?? [], this.ended.signal)
      return exitCode === 0 ? undefined : `command '${hook.exec.command.join(' ')}' exited with ${exitCode}: ${output}`
    }
    const port = hook.httpGet ? portOf(spec, hook.httpGet.port) : 0
    const result = await probe(hook, this.#target(), 30)
    return result.ok ? undefined : `port ${port}: ${result.message}`
  }

  async #execute(definition: Image, context: ProgramContext, adopting: boolean): Promise<number> {
    // Whatever the program does, the container counts as started first.
    await Promise.resolve()
    const { spec, role } = this.#container
    const isAwaited = spec.stdinOnce === true || role === 'ephemeral'
    if (this.console !== undefined && isAwaited && !adopting) await this.#firstClient(this.console)
    try {
      return await definition.program(context)
    } catch (error) {
      if (error instanceof ExecutableNotFound) {
        this.#startFailure = `failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: ${error.message}: unknown`
        return startErrorExitCode
      }
      context.log(error instanceof Error ? error.message : String(error), 'stderr')
      return 1
    }
  }

  /** `kubectl run -i` and `kubectl debug -i` attach once the container runs; a program that is done in no time would be gone by then. */
  async #firstClient(console: Console): Promise<void> {
    const joined = new AbortController()
    void console.attached.then(() => joined.abort())
    const { clock } = this.#container.host.node
    await sleep(clock, attachMilliseconds, AbortSignal.any([joined.signal, this.#terminate.signal]))
  }

  async #finish(exit: Promise<number>, open: readonly Disposable[]): Promise<RunEnd> {
    const exitCode = await exit
    this.ended.abort()
    for (const disposable of open) disposable[Symbol.dispose]()
    this.shell[Symbol.dispose]()
    const startFailure = this.#startFailure
    return { exitCode, killed: this.#killed, ...(startFailure === undefined ? {} : { startFailure }) }
  }
}
