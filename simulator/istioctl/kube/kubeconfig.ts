import { existsSync, readFileSync, statSync } from 'node:fs'
import { homedir } from 'node:os'
import path from 'node:path'
import { parse } from 'yaml'
import { CommandError, type Io } from '../command-line/io.ts'

/** Where the API is and how to be somebody there. */
export interface Connection {
  server: string
  namespace: string
  ca?: Buffer
  certificate?: Buffer
  key?: Buffer
  token?: string
  insecure: boolean
}

interface Named<T> {
  name: string
  value: T
}

interface ClusterEntry {
  server?: string
  'certificate-authority'?: string
  'certificate-authority-data'?: string
  'insecure-skip-tls-verify'?: boolean
}

interface UserEntry {
  token?: string
  tokenFile?: string
  'client-certificate'?: string
  'client-certificate-data'?: string
  'client-key'?: string
  'client-key-data'?: string
  exec?: { command?: string }
}

interface Config {
  folder: string
  clusters: Named<ClusterEntry>[]
  users: Named<UserEntry>[]
  contexts: Named<{ cluster?: string; user?: string; namespace?: string }>[]
  current: string | undefined
}

/** Reads the kubeconfig that kubectl would read. Without one: http://localhost:8080, as client-go. */
export function readKubeconfig(
  options: { file?: string | undefined; context?: string | undefined },
  io: Io,
): Connection {
  const configs = filesOf(options.file, io).map(readConfig)
  const contextName =
    options.context ?? configs.map((config) => config.current).find((name) => name !== undefined && name !== '')
  if (contextName === undefined) return { server: 'http://localhost:8080', namespace: 'default', insecure: false }
  const context = find(configs, 'contexts', contextName)
  if (context === undefined) throw new CommandError(`failed to setup client: context "${contextName}" does not exist`)
  const cluster = find(configs, 'clusters', context.value.cluster ?? '')
  const user = find(configs, 'users', context.value.user ?? '')
  if (cluster?.value.server === undefined) {
    throw new CommandError(`failed to setup client: cluster "${context.value.cluster ?? ''}" does not exist`)
  }
  if (user?.value.exec !== undefined) {
    throw new CommandError(
      `the practice build of istioctl cannot run the credential plugin "${user.value.exec.command ?? ''}" of the kubeconfig`,
    )
  }
  const ca = bytes(cluster.value['certificate-authority-data'], cluster.value['certificate-authority'], cluster.folder)
  const certificate = bytes(
    user?.value['client-certificate-data'],
    user?.value['client-certificate'],
    user?.folder ?? '',
  )
  const key = bytes(user?.value['client-key-data'], user?.value['client-key'], user?.folder ?? '')
  const token =
    user?.value.token ??
    bytes(undefined, user?.value.tokenFile, user?.folder ?? '')
      ?.toString()
      .trim()
  return {
    server: cluster.value.server.replace(/\/$/, ''),
    namespace: context.value.namespace ?? 'default',
    insecure: cluster.value['insecure-skip-tls-verify'] === true,
    ...(ca === undefined ? {} : { ca }),
    ...(certificate === undefined ? {} : { certificate }),
    ...(key === undefined ? {} : { key }),
    ...(token === undefined ? {} : { token }),
  }
}

function filesOf(file: string | undefined, { env, folder }: Io): string[] {
  if (file !== undefined && file !== '') {
    const full = path.resolve(folder, file)
    if (!existsSync(full)) throw new CommandError(`failed to setup client: stat ${file}: no such file or directory`)
    return [full]
  }
  const listed = (env['KUBECONFIG'] ?? '').split(path.delimiter).filter((name) => name !== '')
  const candidates = listed.length > 0 ? listed : [path.join(env['HOME'] ?? homedir(), '.kube', 'config')]
  return candidates
    .map((name) => path.resolve(folder, name))
    .filter((name) => existsSync(name) && statSync(name).isFile())
}

function readConfig(file: string): Config {
  const parsed: Record<string, unknown> = parse(readFileSync(file, 'utf8')) ?? {}
  const named = <T>(list: string, field: string): Named<T>[] => {
    const entries = parsed[list]
    if (!Array.isArray(entries)) return []
    return entries.map((entry: Record<string, unknown>) => ({
      name: String(entry['name']),
      value: (entry[field] ?? {}) as T,
    }))
  }
  const current = parsed['current-context']
  return {
    folder: path.dirname(file),
    clusters: named('clusters', 'cluster'),
    users: named('users', 'user'),
    contexts: named('contexts', 'context'),
    current: typeof current === 'string' ? current : undefined,
  }
}

function find<K extends 'clusters' | 'users' | 'contexts'>(
  configs: readonly Config[],
  list: K,
  name: string,
): { value: Config[K][number]['value']; folder: string } | undefined {
  for (const config of configs) {
    const entries: readonly Config[K][number][] = config[list]
    const found = entries.find((entry) => entry.name === name)
    if (found !== undefined) return { value: found.value, folder: config.folder }
  }
  return undefined
}

function bytes(data: string | undefined, file: string | undefined, folder: string): Buffer | undefined {
  if (data !== undefined && data !== '') return Buffer.from(data, 'base64')
  return file === undefined || file === '' ? undefined : readFileSync(path.resolve(folder, file))
}
