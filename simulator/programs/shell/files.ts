import type { IFileSystem } from 'just-bash'
import type { ContainerOptions } from './command.ts'

/** Where output goes that must be seen at once: a path under /dev that is no file. */
export type Sink = (chunk: Uint8Array) => void

/** The bundle of the shell is large, so it is loaded when the first command of the process runs. */
export function loadBash(): Promise<typeof import('just-bash')> {
  return import('just-bash')
}

/** A container's files: what every image has, what the kubelet writes, and its volumes. */
export function initialFiles({
  pod,
  container,
  sockets,
  files,
  image,
}: ContainerOptions): Record<string, string | Uint8Array> {
  const { namespace = 'default', name } = pod.metadata
  const hostname = pod['spec']?.hostname ?? name
  const aliases = (pod['spec']?.hostAliases ?? []) as { ip: string; hostnames?: string[] }[]
  const user = image.userId === 0 ? '' : `app:x:${image.userId}:${image.userId}::/home/app:/bin/sh\n`
  return {
    '/etc/hostname': `${hostname}\n`,
    '/etc/hosts': [
      '# Kubernetes-managed hosts file.',
      '127.0.0.1\tlocalhost',
      `${sockets.ip}\t${hostname}`,
      ...aliases.map(({ ip, hostnames = [] }) => `${ip}\t${hostnames.join('\t')}`),
      '',
    ].join('\n'),
    '/etc/resolv.conf': `search ${namespace}.svc.cluster.local svc.cluster.local cluster.local\nnameserver 10.96.0.10\noptions ndots:5\n`,
    '/etc/passwd': `root:x:0:0:root:/root:/bin/sh\n${user}nobody:x:65534:65534:nobody:/:/sbin/nologin\n`,
    '/etc/group': 'root:x:0:\nnogroup:x:65534:\n',
    '/etc/os-release': 'NAME="Debian GNU/Linux"\nID=debian\nVERSION_ID="13"\n',
    '/proc/1/comm': `${container}\n`,
    '/var/run/secrets/kubernetes.io/serviceaccount/namespace': namespace,
    ...files?.(),
  }
}

/** `staged`: what was written before there was a file system. */
export async function createFileSystem(
  options: ContainerOptions,
  staged: ReadonlyMap<string, string | Uint8Array>,
): Promise<IFileSystem> {
  const { InMemoryFs, MountableFs } = await loadBash()
  const fs = new InMemoryFs({ ...initialFiles(options), ...Object.fromEntries(staged) })
  for (const directory of [
    '/tmp',
    '/root',
    '/home',
    '/bin',
    '/usr/bin',
    '/usr/local/bin',
    '/var/log',
    '/dev',
    '/sys',
    '/mnt',
    '/opt',
    '/run',
  ])
    await fs.mkdir(directory, { recursive: true })
  const { mounts = [] } = options
  if (mounts.length === 0) return fs
  const opened = mounts.map(async ({ path, directory }) => ({ mountPoint: path, filesystem: await directory.open() }))
  // The interpreter puts its commands into /bin at once, or (into files that cannot do that) not at all.
  return Object.assign(new MountableFs({ base: fs, mounts: await Promise.all(opened) }), {
    mkdirSync: fs.mkdirSync.bind(fs),
    writeFileSync: fs.writeFileSync.bind(fs),
  })
}

/** The same files, with some paths that lead to sinks. */
export function withSinks(fs: IFileSystem, sinks: ReadonlyMap<string, Sink>): IFileSystem {
  type Write = IFileSystem['writeFile']
  const divert =
    (plain: Write): Write =>
    (path, content, options) => {
      const sink = sinks.get(path)
      if (sink === undefined) return plain(path, content, options)
      const encoding = typeof options === 'string' ? options : options?.encoding
      const latin1 = encoding === 'binary' || encoding === 'latin1'
      sink(typeof content === 'string' ? Buffer.from(content, latin1 ? 'latin1' : 'utf8') : content)
      return Promise.resolve()
    }
  const writeFile = divert((path, content, options) => fs.writeFile(path, content, options))
  const appendFile = divert((path, content, options) => fs.appendFile(path, content, options))
  return new Proxy(fs, {
    get(target, property) {
      if (property === 'writeFile') return writeFile
      if (property === 'appendFile') return appendFile
      const value: unknown = Reflect.get(target, property, target)
      return typeof value === 'function' ? (value as (...args: unknown[]) => unknown).bind(target) : value
    },
  })
}
