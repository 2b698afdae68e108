import { execFile } from 'node:child_process'
import { existsSync, realpathSync } from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import { programOnPath } from '../programs.ts'

const PROBE_MILLISECONDS = 5000
/** Where a sandboxed shell finds its home, its settings and the tools that are not the system's. */
export const SANDBOX_HOME = '/home/learner'
export const SANDBOX_SETTINGS = '/run/labwright'
export const SANDBOX_TOOLS = '/opt/labwright/bin'

const SYSTEM = ['/usr', '/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32']
/** Of /etc only what programs need to run: names, certificates, resolver, linker. No keys, no passwords, no service's settings. */
const ETC = [
  'alternatives',
  'bash_completion.d',
  'ca-certificates',
  'ca-certificates.conf',
  'crypto-policies',
  'host.conf',
  'hosts',
  'inputrc',
  'ld.so.cache',
  'ld.so.conf',
  'ld.so.conf.d',
  'localtime',
  'mime.types',
  'nanorc',
  'networks',
  'nsswitch.conf',
  'pki',
  'protocols',
  'resolv.conf',
  'services',
  'ssl/certs',
  'ssl/openssl.cnf',
  'terminfo',
  'timezone',
  'vim',
]

export interface SandboxPlaces {
  home: string
  /** The session's /tmp. */
  temporary: string
  /** Folder with the shell's settings, credentials of downloads and names of users: read-only inside. */
  settings: string
  /** Files and folders of this machine that stay visible, read-only, at their own path: node and our programs. */
  visible: string[]
  /** Folders that stay empty inside, though the system or a visible one holds them: labs, for they hold their solutions, and data. */
  hidden?: string[]
  /** Tools that do not lie in the system's folders: name -> file. */
  tools: Record<string, string>
}

/** Arguments for bubblewrap up to and without the program to run. */
export function sandboxArguments({ home, temporary, settings, visible, hidden = [], tools }: SandboxPlaces): string[] {
  const readOnly = (from: string, to = from) => ['--ro-bind-try', from, to]
  return [
    '--unshare-user',
    '--uid',
    '1000',
    '--gid',
    '1000',
    '--unshare-pid',
    '--unshare-ipc',
    '--unshare-uts',
    '--unshare-cgroup-try',
    '--hostname',
    'lab',
    '--die-with-parent',
    '--cap-drop',
    'ALL',
    ...SYSTEM.flatMap((folder) => readOnly(folder)),
    ...ETC.flatMap((name) => readOnly(`/etc/${name}`)),
    ...readOnly(path.join(settings, 'passwd'), '/etc/passwd'),
    ...readOnly(path.join(settings, 'group'), '/etc/group'),
    '--proc',
    '/proc',
    '--dev',
    '/dev',
    // One /tmp for all shells of the session; on disk, where it cannot fill the memory.
    '--bind',
    temporary,
    '/tmp',
    '--symlink',
    '/tmp',
    '/var/tmp',
    ...visible.flatMap((file) => readOnly(file)),
    ...masks(hidden, [...SYSTEM, ...visible]).flatMap((folder) => ['--tmpfs', folder, '--remount-ro', folder]),
    ...Object.entries(tools).flatMap(([name, file]) => readOnly(file, `${SANDBOX_TOOLS}/${name}`)),
    ...readOnly(settings, SANDBOX_SETTINGS),
    '--bind',
    home,
    SANDBOX_HOME,
    '--remount-ro',
    '/',
    '--chdir',
    SANDBOX_HOME,
  ]
}

/** The hidden folders by every name that the shown ones give them: /lib may be /usr/lib. */
function masks(hidden: string[], shown: string[]): string[] {
  const there = shown.filter((file) => existsSync(file)).map((name) => ({ name, real: realpathSync(name) }))
  const names = hidden
    .filter((folder) => existsSync(folder))
    .map((folder) => realpathSync(folder))
    .flatMap((folder) =>
      there
        .filter(({ real }) => folder === real || folder.startsWith(real + path.sep))
        .map(({ name, real }) => name + folder.slice(real.length)),
    )
  return [...new Set(names)]
}

/**
 * The path of bubblewrap when it works here, or why it does not. It may be installed and still not be permitted (no user namespaces,
 * a container without the right, AppArmor), so it is tried with the very arguments that shells get.
 */
export async function findSandbox(places: SandboxPlaces): Promise<{ bwrap: string } | { whyNot: string }> {
  const bwrap = programOnPath('bwrap')
  if (bwrap === undefined) return { whyNot: 'bwrap is not on the PATH' }
  try {
    const probe = [...sandboxArguments(places), 'bash', '-c', 'test "$(id -u)" = 1000 && test -w . && test -d /proc/1']
    await promisify(execFile)(bwrap, probe, { timeout: PROBE_MILLISECONDS })
    return { bwrap }
  } catch (error) {
    const { killed, stderr, message } = error as Error & { killed?: boolean; stderr?: string }
    if (killed) return { whyNot: `it did not start a shell within ${PROBE_MILLISECONDS / 1000} s` }
    return { whyNot: (stderr || message).split('\n', 1).join() }
  }
}
