// A root file system for one run: Debian's base from a cache, one version of Node with its npm, a clone of the repository.
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, copyFile, cp, lchown, mkdir, mkdtemp, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
const SUITE = 'bookworm'
const MIRROR = 'http://deb.debian.org/debian'
/** The user who runs the commands; nothing of the system belongs to them. */
export const USER = { name: 'newcomer', id: 1000, home: '/home/newcomer' }

export async function makeRoot({ cache, version, repository }) {
  const base = await debianBase(cache)
  const node = await nodePackage(cache, version)
  const folder = await mkdtemp(path.join(cache, 'run-'))
  const remove = () => rm(folder, { recursive: true, force: true, maxRetries: 5 })
  try {
    await run('cp', ['-a', '--reflink=auto', `${base}/.`, folder])
    // mkdtemp makes it private; the root of a system is open to its users.
    await chmod(folder, 0o755)
    await installNode(node, folder)
    const home = path.join(folder, USER.home)
    await mkdir(path.join(home, '.npm'), { recursive: true })
    await run('git', ['clone', '--quiet', '--no-hardlinks', repository, path.join(home, 'labwright')])
    await copyNpmSettings(folder, repository)
    for (const file of ['/etc/resolv.conf', '/etc/hosts'])
      if (existsSync(file)) await copyFile(file, path.join(folder, file))
    await writeUser(folder)
    await giveTo(home, USER.id)
  } catch (error) {
    await remove()
    throw error
  }
  return { folder, cache, shared: path.join(repository, '..', 'shared'), [Symbol.asyncDispose]: remove }
}

/** Made once: some two minutes and 300 MB. */
async function debianBase(cache) {
  const base = path.join(cache, SUITE)
  if (existsSync(base)) return base
  console.log(`  making Debian ${SUITE} in ${base}, once`)
  const partial = `${base}.partial`
  await rm(partial, { recursive: true, force: true })
  await run('debootstrap', ['--variant=minbase', '--include=ca-certificates,git', SUITE, partial, MIRROR], {
    maxBuffer: 2 ** 26,
  })
  await rename(partial, base)
  return base
}

/** Node and npm as the registry has them: the version asked for, and the npm that came with it. */
async function nodePackage(cache, version) {
  const folder = path.join(cache, `node-${version}`)
  if (existsSync(path.join(folder, 'node_modules'))) return folder
  const npm = Number(version.split('.')[0]) >= 24 ? '11' : '10'
  await mkdir(folder, { recursive: true })
  await writeFile(path.join(folder, 'package.json'), '{}')
  await run('npm', ['install', '--silent', `node-linux-${os.arch()}@${version}`, `npm@${npm}`], { cwd: folder })
  return folder
}

async function installNode(from, root) {
  const target = '/usr/local/lib/node'
  await cp(from, path.join(root, target), { recursive: true, verbatimSymlinks: true })
  const modules = `${target}/node_modules`
  const links = {
    node: `${modules}/node-linux-${os.arch()}/bin/node`,
    npm: `${modules}/npm/bin/npm-cli.js`,
    npx: `${modules}/npm/bin/npx-cli.js`,
  }
  for (const [name, to] of Object.entries(links)) {
    await chmod(path.join(root, to), 0o755)
    await symlink(to, path.join(root, 'usr/local/bin', name))
  }
}

/** How this machine reaches the registry, by npm's own settings; nothing of it is printed or kept. */
async function copyNpmSettings(root, cwd) {
  const settings = {}
  for (const name of ['registry', 'cafile', 'proxy', 'https-proxy', 'noproxy', 'strict-ssl']) {
    const { stdout } = await run('npm', ['config', 'get', name], { cwd })
    const value = stdout.trim()
    if (value !== '' && value !== 'null' && value !== 'undefined') settings[name] = value
  }
  if (settings.cafile !== undefined) {
    await copyFile(settings.cafile, path.join(root, 'etc', 'npm-ca.pem'))
    await chmod(path.join(root, 'etc', 'npm-ca.pem'), 0o644)
    settings.cafile = '/etc/npm-ca.pem'
  }
  const own = path.join(os.homedir(), '.npmrc')
  const target = path.join(root, USER.home, '.npmrc')
  if (existsSync(own)) await copyFile(own, target)
  const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}\n`)
  await writeFile(target, `\n${lines.join('')}`, { flag: 'a', mode: 0o600 })
}

async function writeUser(root) {
  const { name, id, home } = USER
  await writeFile(path.join(root, 'etc/passwd'), `${name}:x:${id}:${id}::${home}:/bin/bash\n`, { flag: 'a' })
  await writeFile(path.join(root, 'etc/group'), `${name}:x:${id}:\n`, { flag: 'a' })
}

async function giveTo(folder, id) {
  await lchown(folder, id, id)
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const file = path.join(folder, entry.name)
    if (entry.isDirectory()) await giveTo(file, id)
    else await lchown(file, id, id)
  }
}
