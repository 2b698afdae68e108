import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { copyFile, mkdtemp, readFile, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { endProcessesOf } from '../support/processes.ts'
import { commandsOf, pages, read, root } from './pages.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'labwright-docs-'))
})
afterAll(async () => {
  endProcessesOf(folder)
  await rm(folder, { recursive: true, force: true, maxRetries: 5 })
})

/** Runs a command as a reader would, in the checkout, with a home of its own. */
function start(command: string): ChildProcess {
  const home = { HOME: folder, XDG_DATA_HOME: '', DISPLAY: '', WAYLAND_DISPLAY: '' }
  const npm = { npm_config_cache: process.env['npm_config_cache'] ?? path.join(os.homedir(), '.npm') }
  return spawn('sh', ['-c', command], {
    cwd: root,
    env: { ...process.env, ...npm, ...home },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  })
}

async function printed(child: ChildProcess, pattern: RegExp): Promise<string> {
  let output = ''
  return new Promise((resolve, reject) => {
    const keep = (chunk: Buffer): void => {
      output += chunk.toString()
      if (pattern.test(output)) resolve(output)
    }
    child.stdout?.on('data', keep)
    child.stderr?.on('data', keep)
    child.once('exit', (code) => reject(new Error(`it ended with ${code}: ${output}`)))
  })
}

async function stopped(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit')
  process.kill(-child.pid!, 'SIGTERM')
  await ended
}

/** Serves on a free port, until the link answers. */
async function serves(command: string): Promise<void> {
  const child = start(command)
  try {
    const output = await printed(child, /#code=\S+/)
    expect((await fetch(/http:\/\/\S+?(?=\/#)/.exec(output)![0])).status).toBe(200)
  } finally {
    await stopped(child)
  }
}

async function finishes(command: string): Promise<void> {
  const child = start(command)
  let output = ''
  for (const stream of [child.stdout!, child.stderr!])
    stream.on('data', (chunk: Buffer) => (output += chunk.toString()))
  const [code] = (await once(child, 'close')) as [number]
  expect(code, output).toBe(0)
}

/** Of what .ci/run runs on every change, and what cannot run inside the tests. */
async function inContinuousIntegration(command: string): Promise<void> {
  const name = command.replace(/^npm (run )?/, '')
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> }
  expect(Object.keys(scripts)).toContain(name)
  expect(await readFile(path.join(root, '.ci/run'), 'utf8')).toMatch(new RegExp(`^npm (run -s )?${name}$`, 'm'))
}

async function locked(): Promise<void> {
  for (const file of ['package.json', 'package-lock.json', '.npmrc'])
    await copyFile(path.join(root, file), path.join(folder, file))
  await promisify(execFile)('npm', ['ci', '--dry-run', '--prefer-offline', '--ignore-scripts'], { cwd: folder })
}

/** Every command in the documents, and how it is run here; a port or a length may differ. */
const commands: Record<string, () => Promise<unknown>> = {
  'npm ci': locked,
  'npm start': () => serves('npm start -- --port 0 --no-open'),
  'npm ci && npm start': () => serves('npm start -- --port 0 --no-open'),
  'npm start -- --port 8080 --no-open': () => serves('npm start -- --port 0 --no-open'),
  // One task of all, for its length.
  'npx labwright test labs/service-mesh': () => finishes('npx labwright test labs/service-mesh --only first-look'),
  'npx labwright cluster --kubeconfig ./cluster.yaml': async () => {
    const file = path.join(folder, 'cluster.yaml')
    const child = start(`npx labwright cluster --kubeconfig '${file}'`)
    try {
      await printed(child, /^ready: https/m)
      await promisify(execFile)('kubectl', ['--kubeconfig', file, 'get', 'namespaces'])
    } finally {
      await stopped(child)
    }
  },
  'npx labwright doctor': () => finishes('npx labwright doctor'),
  'npm test': () => inContinuousIntegration('npm test'),
  'npm run typecheck': () => inContinuousIntegration('npm run typecheck'),
  'npm run lint': () => inContinuousIntegration('npm run lint'),
  // Its other half, which changes nothing.
  'npm run format': () => inContinuousIntegration('npm run format:check'),
  'npm run unused': () => inContinuousIntegration('npm run unused'),
}

describe('commands in the documents', () => {
  const found = pages.flatMap((page) => commandsOf(read(page)).map((command) => ({ page, command })))

  test('are all in the table of this test', () => {
    expect(found.filter(({ command }) => !Object.hasOwn(commands, command))).toEqual([])
  })

  test('and the table holds no others', () => {
    const said = new Set(found.map(({ command }) => command))
    expect(Object.keys(commands).filter((command) => !said.has(command))).toEqual([])
  })

  test.each(Object.entries(commands))('%s', { timeout: 120_000 }, async (_, run) => {
    await run()
  })
})
