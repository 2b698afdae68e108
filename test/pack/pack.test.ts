import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createRequire, isBuiltin } from 'node:module'
import os from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { firstLink } from '../support/labwright.ts'
import { LiveClient } from '../support/live-client.ts'
import { waitFor } from '../support/waiting.ts'
import { endProcessesOf } from '../support/processes.ts'

const root = path.resolve(import.meta.dirname, '../..')
const execute = promisify(execFile)
let folder: string
let files: string[]

const npm = (args: string[], cwd: string) => execute('npm', args, { cwd, maxBuffer: 2 ** 26 })
const node = (args: string[]) => execute(process.execPath, args, { cwd: folder })

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'labwright-pack-'))
  const { stdout } = await npm(['pack', '--json', '--silent', '--pack-destination', folder], root)
  const [packed] = JSON.parse(stdout.slice(stdout.indexOf('['))) as [{ filename: string; files: { path: string }[] }]
  files = packed.files.map((file) => file.path)
  await writeFile(path.join(folder, 'package.json'), '{ "private": true }')
  await npm(['install', '--prefer-offline', '--no-audit', '--no-fund', `./${packed.filename}`], folder)
}, 300_000)
afterAll(async () => {
  endProcessesOf(folder)
  await rm(folder, { recursive: true, force: true, maxRetries: 5 })
})

test('the tarball holds what runs, and neither sources nor tests', () => {
  const expected = [
    /^(package\.json|README\.md|LICENSE|CHANGELOG\.md|SECURITY\.md)$/,
    /^cli\/bin\.mjs$/,
    /^dist\/[a-z-]+\.(js|cjs|wasm)$/,
    /^dist\/(lab\.schema\.json|third-party\.txt)$/,
    /^dist\/chunks\/[\w.-]+\.js$/,
    /^dist\/client\//,
    /^dist\/types\/(simulator|protocol)\/.*\.d\.ts$/,
    /^docs\/.*\.(md|png)$/,
    /^kind-config\//,
    /^labs\/.*\.(yaml|md|sh|svg|png)$/,
  ]
  expect(files.filter((file) => !expected.some((pattern) => pattern.test(file)))).toEqual([])
  expect(files.filter((file) => /\.map$|\.test\.|(?<!\.d)\.tsx?$/.test(file))).toEqual([])
})

test('what the built programs import is a dependency, and every dependency is imported', async () => {
  const { dependencies } = JSON.parse(await readFile(path.join(root, 'package.json'), 'utf8')) as {
    dependencies: Record<string, string>
  }
  const programs = files.filter((name) => /^dist\/[^/]+\.js$|^dist\/chunks\//.test(name))
  const texts = await Promise.all(
    programs.map((name) => readFile(path.join(folder, 'node_modules/labwright', name), 'utf8')),
  )
  const text = texts.join('\n')
  const imports = text.matchAll(/^(?:import|export)\b[^'"\n]*["']([^."'][^"']*)["'];?$|\bimport\("([^."][^"]*)"\)/gm)
  const packages = [...imports].map(([, one, two]) => /^(@[^/]+\/)?[^/]+/.exec(one ?? two!)![0])
  // just-bash asks for these two when it meets archives that no lab holds, and does without them.
  const known = [...Object.keys(dependencies), '@mongodb-js/zstd', 'node-liblzma']
  const missing = packages.filter((name) => !name.startsWith('node:') && !isBuiltin(name) && !known.includes(name))
  expect([...new Set(missing)]).toEqual([])
  const unused = Object.keys(dependencies).filter((name) => !new RegExp(`["'\`]${name}["'\`/]`).test(text))
  expect(unused).toEqual([])
})

test(
  'npx labwright serve runs in a folder that holds nothing else, and a session starts',
  { timeout: 120_000 },
  async () => {
    const data = path.join(folder, 'data')
    const server = spawn('npx', ['labwright', 'serve', '--port', '0', '--no-open', '--data', data], {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    })
    try {
      const client = await LiveClient.login(await firstLink(server))
      const session = await client.startSession('service-mesh')
      expect(session.state).toBe('ready')
      await client.ask('DELETE', `/api/sessions/${session.id}`)
    } finally {
      const ended = new Promise((resolve) => server.once('exit', resolve))
      process.kill(-server.pid!, 'SIGTERM')
      await ended
    }
  },
)

test('without kubectl, the operator is told in one sentence how to get it', { timeout: 120_000 }, async () => {
  const program = path.join(folder, 'node_modules/labwright/cli/bin.mjs')
  const args = [program, 'serve', '--port', '0', '--no-open', '--data', path.join(folder, 'bare')]
  const server = spawn(process.execPath, args, {
    env: { PATH: '/nowhere', HOME: folder },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  server.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()))
  try {
    await firstLink(server)
    await waitFor(() => said.includes('\n'))
  } finally {
    const ended = once(server, 'exit')
    server.kill('SIGTERM')
    await ended
  }
  expect(said).toMatch(/^labwright: Learners will have no kubectl[^\n]*npm install[^\n]*\[KUBECTL_MISSING\]\n$/)
})

const PROGRAM = `import { startCluster, type KubeObject, type RunningCluster } from 'labwright/simulator'

const cluster: RunningCluster = await startCluster({ seed: 7 })
const namespace: KubeObject | undefined = cluster.api.get('namespaces', undefined, 'default')
console.log(cluster.server, namespace?.metadata.name)
await cluster.stop()
`

test("import { startCluster } from 'labwright/simulator' works, with its types", { timeout: 120_000 }, async () => {
  await writeFile(path.join(folder, 'program.mts'), PROGRAM)
  // A program for Node has Node's types; those of this checkout stand for them.
  const compiler = createRequire(import.meta.url).resolve('typescript/bin/tsc')
  const options = [
    '--strict',
    '--module',
    'nodenext',
    '--target',
    'es2023',
    '--skipLibCheck',
    'false',
    '--types',
    'node',
    '--typeRoots',
    path.join(root, 'node_modules/@types'),
  ]
  await node([compiler, ...options, 'program.mts']).catch(({ stdout }: { stdout: string }) => expect(stdout).toBe(''))
  const { stdout } = await node(['program.mjs'])
  expect(stdout).toMatch(/^https:\/\/127\.0\.0\.1:\d+ default\n$/)
})
