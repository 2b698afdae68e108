import { randomInt } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { seededRandom, systemClock, type Api, type KubeObject } from '../../kubernetes/index.ts'
import type { Image, ProgramContext } from '../program.ts'
import { call } from './call.ts'
import { Listening, type ListeningOptions } from './listening.ts'
import { ownCommands } from './own-commands.ts'
import { ownStreams, RealShell } from './shell.ts'

export interface ServeOptions extends Omit<ListeningOptions, 'failed'> {
  name: string
  command: readonly string[]
  args: readonly string[]
  env: Readonly<Record<string, string>>
  log: (line: string, stream?: 'stdout' | 'stderr') => void
  /** The program is to end. */
  signal: AbortSignal
}

/** Runs an image's program in this process, on real ports and with real calls. Resolves to its exit code, after its last answer. */
export async function serve(image: Image, options: ServeOptions): Promise<number> {
  const ending = new AbortController()
  let failure: Error | undefined
  const listening = new Listening({
    ...options,
    failed(error) {
      failure ??= error
      ending.abort()
    },
  })
  const signal = AbortSignal.any([options.signal, ending.signal])
  const shell = new RealShell(ownCommands(image))
  try {
    const exitCode = await image.program(contextOf(options, listening, shell, signal))
    if (failure === undefined) return exitCode
    options.log(failure.message, 'stderr')
    return 1
  } finally {
    shell[Symbol.dispose]()
    await listening.done()
  }
}

function contextOf(
  { name, command, args, env, log }: ServeOptions,
  listening: Listening,
  shell: RealShell,
  signal: AbortSignal,
): ProgramContext {
  return {
    pod: ownPod(),
    container: name,
    image: name,
    command,
    args,
    env,
    log,
    listen: (port, handler) => listening.http(port, handler),
    listenTcp: (port, handler) => listening.tcp(port, handler),
    call,
    shell,
    console: ownStreams(signal),
    api: noApi,
    clock: systemClock,
    random: seededRandom(randomInt(2 ** 32)),
    signal,
  }
}

const noApi = new Proxy({} as Api, {
  get() {
    throw new Error('only programs of the control plane ask the API, and none of them runs here')
  },
})

const NAMESPACE_FILE = '/var/run/secrets/kubernetes.io/serviceaccount/namespace'

/** The pod as a container sees it from inside. */
function ownPod(): KubeObject {
  const namespace = existsSync(NAMESPACE_FILE) ? readFileSync(NAMESPACE_FILE, 'utf8').trim() : 'default'
  const metadata = { name: hostname(), namespace, uid: '', resourceVersion: '', creationTimestamp: '' }
  return { apiVersion: 'v1', kind: 'Pod', metadata }
}
