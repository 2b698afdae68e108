import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const root = path.resolve(import.meta.dirname, '..')
const program = path.join(root, 'cli/bin.mjs')
let folder: string
let other: Server
let taken: number

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'labwright-cli-'))
  await writeFile(path.join(folder, 'file'), '')
  await mkdir(path.join(folder, 'damaged'))
  await writeFile(path.join(folder, 'damaged/cluster.json'), '{')
  other = createServer().listen(0, '127.0.0.1')
  await once(other, 'listening')
  taken = (other.address() as { port: number }).port
})
afterAll(async () => {
  other.close()
  await rm(folder, { recursive: true, force: true })
})

interface Ended {
  code: number | string
  out: string
  err: string
}

function labwright(args: string[], environment: Record<string, string> = {}): Promise<Ended> {
  const given = args.map((word) => word.replace('FOLDER', folder).replace('TAKEN', String(taken)))
  const options = { timeout: 30_000, env: { ...process.env, ...environment } }
  return new Promise((resolve) => {
    execFile(process.execPath, [program, ...given], options, (error, out, err) =>
      resolve({ code: error === null ? 0 : (error.code ?? String(error.signal)), out, err }),
    )
  })
}

/** All that is said, on standard error: one sentence, or two on one line, and the code. */
const sentence = (code: string, words: RegExp): unknown =>
  expect.stringMatching(new RegExp(`^labwright: [^\\n]*${words.source}[^\\n]*\\. \\[${code}\\]\\n$`))

const refused: [args: string[], code: number, error: string, words: RegExp][] = [
  [['bogus'], 2, 'NO_SUCH_COMMAND', /There is no command "bogus"\. There are serve, cluster, sessions, test/],
  [['--bogus'], 2, 'NO_SUCH_COMMAND', /"--bogus"/],
  [['constructor'], 2, 'NO_SUCH_COMMAND', /"constructor"/],

  [['serve', '--bogus'], 2, 'BAD_OPTION', /There is no option --bogus\. .*labwright serve --help/],
  [['serve', 'extra-word'], 2, 'BAD_OPTION', /"extra-word" is one word too many\. .*labwright serve --help/],
  [['serve', '--port', '70000'], 2, 'BAD_OPTION', /--port takes a whole number from 0 to 65535, not "70000"/],
  [['serve', '--port', '7e3'], 2, 'BAD_OPTION', /--port takes a whole number from 0 to 65535, not "7e3"/],
  [['serve', '--no-open=yes'], 2, 'BAD_OPTION', /--no-open takes no value/],
  [['serve', '--host', ''], 2, 'BAD_OPTION', /--host needs a value/],
  [
    ['serve', '--provider', 'kind', '--spares', 'mesh'],
    2,
    'BAD_OPTION',
    /--spares: a spare is LAB=N or LAB=N@HH:MM-HH:MM/,
  ],
  [['serve', '--spares', 'mesh=1'], 2, 'BAD_OPTION', /name --provider kind as well/],
  [['serve', '--provider', 'vapour'], 2, 'BAD_OPTION', /--provider: there are simulated and kind/],
  [['serve', '--data', '/proc/x'], 1, 'DATA_FOLDER_UNUSABLE', /folder \/proc\/x: nothing can be made there/],

  [['cluster', '--bogus'], 2, 'BAD_OPTION', /There is no option --bogus\. .*labwright cluster --help/],
  [['cluster', '-x'], 2, 'BAD_OPTION', /There is no option -x/],
  [['cluster', 'extra'], 2, 'BAD_OPTION', /"extra" is one word too many/],
  [['cluster', '--port', 'x'], 2, 'BAD_OPTION', /--port takes a whole number from 0 to 65535, not "x"/],
  [['cluster', '--port', '70000'], 2, 'BAD_OPTION', /not "70000"/],
  [['cluster', '--port'], 2, 'BAD_OPTION', /--port needs a value/],
  [['cluster', '--seed', '-1'], 2, 'BAD_OPTION', /--seed needs a value, and "-1" begins like an option/],
  [['cluster', '--seed=-1'], 2, 'BAD_OPTION', /--seed takes a whole number from 0 to 4294967295, not "-1"/],
  [['cluster', '--port', 'TAKEN'], 1, 'PORT_IN_USE', /is taken by another program.*labwright cluster --port \d+/],
  [['cluster', '--data', '/proc/x'], 1, 'DATA_FOLDER_UNUSABLE', /folder \/proc\/x: nothing can be made there.*--data/],
  [['cluster', '--data', '/sys'], 1, 'DATA_FOLDER_UNUSABLE', /folder \/sys: (it is not permitted|.* read-only)/],
  [['cluster', '--data', 'FOLDER/file'], 1, 'DATA_FOLDER_UNUSABLE', /there is a file of that name/],
  [['cluster', '--data', 'FOLDER/file/a/b'], 1, 'DATA_FOLDER_UNUSABLE', /a part of the path is not a folder/],
  [['cluster', '--data', 'FOLDER/damaged'], 1, 'UNFORESEEN', /JSON.*NODE_DEBUG=labwright/],
  [['cluster', '--kubeconfig', 'FOLDER/no/config'], 1, 'FILE_NOT_WRITABLE', /its folder is not there.*--kubeconfig/],
  [['cluster', '--kubeconfig', 'FOLDER'], 1, 'FILE_NOT_WRITABLE', /it is a folder/],

  [['test'], 2, 'BAD_OPTION', /The folder of the lab is missing.*labwright test --help/],
  [['test', 'x', '--provider', 'vapour'], 2, 'BAD_OPTION', /--provider takes simulated or kind, not "vapour"/],
  [['test', path.join(root, 'labs/service-mesh'), '--only', 'zzzz'], 2, 'BAD_OPTION', /"zzzz" chooses no task/],
  [['test', 'FOLDER', '--parallel', '0'], 2, 'BAD_OPTION', /--parallel takes a whole number from 1 to 64, not "0"/],
  [['test', 'FOLDER', '--seed', '1.5'], 2, 'BAD_OPTION', /--seed takes a whole number/],
  [['test', 'FOLDER'], 2, 'LAB_NOT_FOUND', /There is no lab/],
  [['test', 'FOLDER', '--json', 'FOLDER/no/x'], 2, 'FILE_NOT_WRITABLE', /its folder is not there.*--json/],
  [['test', 'FOLDER', '--junit', 'FOLDER/no/x'], 2, 'FILE_NOT_WRITABLE', /its folder is not there.*--junit/],
]

describe('a command that cannot be done ends with its exit code and one sentence', () => {
  test.each(refused)('labwright %j: %i, %s', async (args, code, error, words) => {
    expect(await labwright(args)).toEqual({ code, out: '', err: sentence(error, words) })
  })

  test('the stack is told to who asks for it', async () => {
    const args = ['cluster', '--kubeconfig', 'FOLDER']
    const { code, err } = await labwright(args, { NODE_DEBUG: 'labwright' })
    expect(code).toBe(1)
    expect(err).toMatch(/^labwright: .*\n[^]*\[cause\]: Error: EISDIR/)
  })

  test('a file for results that were never made is not left behind', async () => {
    await labwright(['cluster', '--port', 'TAKEN', '--kubeconfig', 'FOLDER/unused'])
    expect(await readdir(folder)).not.toContain('unused')
  })
})

test('a folder that is there keeps its mode when a cluster is kept in it, and --port moves the cluster', async () => {
  const data = path.join(folder, 'kept')
  await mkdir(data)
  await chmod(data, 0o755)
  const first = await startAndStop(['--data', data])
  expect((await stat(data)).mode & 0o777).toBe(0o755)
  expect(await startAndStop(['--data', data])).toBe(first)
  const free = createServer().listen(0, '127.0.0.1')
  await once(free, 'listening')
  const { port } = free.address() as { port: number }
  await new Promise((resolve) => free.close(resolve))
  expect(await startAndStop(['--data', data, '--port', String(port)])).toBe(String(port))
})

test('a second cluster is not kept in the folder of one that runs', async () => {
  const data = path.join(folder, 'shared')
  const child = spawn(process.execPath, [program, 'cluster', '--data', data], { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = once(child, 'exit')
  const [ready] = (await once(child.stdout, 'data')) as [unknown]
  const address = /https:\/\/127\.0\.0\.1:\d+/.exec(String(ready))![0]
  expect(await labwright(['cluster', '--data', data, '--port', '0'])).toEqual({
    code: 1,
    out: '',
    err: sentence('DATA_FOLDER_IN_USE', new RegExp(`process ${child.pid}.* Go to ${address} for`)),
  })
  child.kill('SIGTERM')
  expect(await ended).toEqual([0, null])
})

/** Runs `labwright cluster` until it is ready and ends it as its user does; returns its port. */
async function startAndStop(args: string[]): Promise<string> {
  const child = spawn(process.execPath, [program, 'cluster', ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = once(child, 'exit')
  const [ready] = (await Promise.race([once(child.stdout, 'data'), ended])) as [unknown]
  child.kill('SIGTERM')
  expect(await ended).toEqual([0, null])
  return /^ready: https:\/\/127\.0\.0\.1:(\d+)\n$/.exec(String(ready))![1]!
}

test.each([[[]], [['--help']], [['serve', '--help']], [['cluster', '-h']], [['test', '--help']]])(
  'labwright %j prints its usage',
  async (args) => {
    expect(await labwright(args)).toEqual({ code: 0, out: expect.stringMatching(/^Usage: labwright /), err: '' })
  },
)

test('labwright --version prints the version', async () => {
  expect(await labwright(['--version'])).toEqual({ code: 0, out: expect.stringMatching(/^\d+\.\d+\.\d+\n$/), err: '' })
})

test.each([
  ['serve', 'docs/operators/README.md', /^It prints one link[^]*?(?=^## )/m],
  ['cluster', 'docs/operators/README.md', /^## A cluster alone$[^]*?(?=^## )/m],
  ['test', 'docs/authors/proof.md', /[^]*/],
])('the options of %s in its usage are those in %s', async (command, page, part) => {
  const text = part.exec(await readFile(path.join(root, page), 'utf8'))![0]
  const documented = [...text.matchAll(/^\| `(--[^`]+)` +\|/gm)].map(([, option]) => option)
  const { out } = await labwright([command, '--help'])
  expect(documented).toEqual([...out.matchAll(/^ {2}(--\S+( [A-Z]+)?) /gm)].map(([, option]) => option))
})
