import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { whyNoSandbox } from '../../../test/support/sandbox.ts'
import { workspacesConform } from '../conformance.ts'
import type { WorkspaceProvider } from '../provider.ts'
import { createLocalWorkspaces } from './local.ts'

const dist = path.resolve(import.meta.dirname, '../../../dist')
/** For a machine without curl; where there is one, it is used. */
const standing = { visible: [dist], standIns: { curl: path.join(dist, 'curl.js') } }
const hello = (url: URL) => ({ status: 200, headers: { 'Content-Type': 'text/plain' }, body: url.pathname })

const whyNot = await whyNoSandbox()
const ways = [
  ['plainly', false] as const,
  [whyNot === undefined ? 'in bubblewrap' : `plainly again, for ${whyNot}`, true] as const,
]
describe.each(ways)('%s', (_, sandbox) => {
  let folder: string
  let provider: WorkspaceProvider
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'workspaces-'))
    provider = await createLocalWorkspaces({ dataFolder: folder, mirrors: { hello }, sandbox, ...standing })
  })
  afterAll(async () => {
    await provider.close()
    await rm(folder, { recursive: true, force: true })
  })

  workspacesConform(() => provider)

  test('says truly whether it is sandboxed', async () => {
    const { sandboxed } = await provider.create({ id: 'view', kubeconfig: '', mirrors: [] })
    const { output } = await provider.run(
      'view',
      `ls -d ${folder} ${process.cwd()}/package.json /root 2>/dev/null; ls /proc | grep -c '^[0-9]'; touch /usr/x /etc/x 2>&1 | grep -c .`,
      { timeoutMilliseconds: 10_000 },
    )
    expect(sandboxed).toBe(sandbox && whyNot === undefined)
    // bwrap, bash, ls and grep: no process of anybody else.
    if (sandboxed) expect(output).toMatch(/^[2-5]\n2\n$/)
    else expect(output).toContain(folder)
  })
})

test('a proxy that starts again has its port and its authority again', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'workspaces-'))
  const address = async () => {
    const provider = await createLocalWorkspaces({ dataFolder: folder, mirrors: {}, sandbox: false })
    await provider.create({ id: 'a', kubeconfig: '', mirrors: [] })
    const { https_proxy: proxy } = provider.shell('a').environment
    await provider.close()
    return proxy
  }
  expect(await address()).toBe(await address())
  await rm(folder, { recursive: true, force: true })
})

test('labs are not seen where modules are', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'workspaces-'))
  const modules = path.join(folder, 'node_modules')
  const labs = path.join(modules, 'labwright', 'labs')
  await mkdir(labs, { recursive: true })
  await writeFile(path.join(labs, 'solution.sh'), 'true\n')
  const provider = await createLocalWorkspaces({
    dataFolder: path.join(folder, 'data'),
    mirrors: {},
    visible: [modules],
    hidden: [labs, path.join(folder, 'elsewhere')],
  })
  const { sandboxed } = await provider.create({ id: 'a', kubeconfig: '', mirrors: [] })
  const { output } = await provider.run('a', `ls ${modules} ${labs}`, { timeoutMilliseconds: 10_000 })
  expect(output).toContain('labwright')
  expect(output.includes('solution.sh')).toBe(!sandboxed)
  await provider.close()
  await rm(folder, { recursive: true, force: true })
})

test('labs are not seen in the folders of the system either, by any of their names', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'workspaces-'))
  const link = path.join(folder, 'labs')
  await symlink('/usr/share', link)
  // Where /lib is /usr/lib by another name, both show it.
  const entries = await readdir('/usr/lib', { withFileTypes: true })
  const module = entries.find((entry) => entry.isDirectory() && !entry.name.includes('linux'))!.name
  const hidden = [link, path.join('/usr/lib', module)]
  const provider = await createLocalWorkspaces({ dataFolder: path.join(folder, 'data'), mirrors: {}, hidden })
  const { sandboxed } = await provider.create({ id: 'a', kubeconfig: '', mirrors: [] })
  const { output } = await provider.run('a', `ls -A /usr/share /usr/lib/${module}; ls -A /lib/${module} 2>/dev/null`, {
    timeoutMilliseconds: 10_000,
  })
  expect(output.split('\n').filter((line) => line !== '' && !line.endsWith(':')).length > 0).toBe(!sandboxed)
  await provider.close()
  await rm(folder, { recursive: true, force: true })
})

test('data are not seen where modules are: the records of all learners, their homes and their secrets', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'workspaces-'))
  const dataFolder = path.join(folder, 'data')
  const provider = await createLocalWorkspaces({ dataFolder, mirrors: {}, visible: [folder] })
  const { sandboxed } = await provider.create({ id: 'a', kubeconfig: '', mirrors: [] })
  const { output } = await provider.run('a', `touch ~/mine; find ${folder}; ls ~`, { timeoutMilliseconds: 10_000 })
  expect(output.includes('a.secret')).toBe(!sandboxed)
  expect(output).toMatch(/\nmine\n$/)
  await provider.close()
  await rm(folder, { recursive: true, force: true })
})
