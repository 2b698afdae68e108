// npm run test:fresh [-- --node 20] [--start]: the README's two commands in a root file system that holds nothing but Debian's base, git,
// certificates and Node, as a user without rights. A step of the installation that is missing shows here.
import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { Inside } from './inside.mjs'
import { makeRoot } from './root.mjs'
import { logIn, openLab } from './visitor.mjs'

const repository = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..')
const cache = path.join(process.env.XDG_CACHE_HOME || path.join(os.homedir(), '.cache'), 'labwright-fresh')
const MINUTE = 60_000

const { values } = parseArgs({
  options: {
    node: { type: 'string', multiple: true, default: ['20', '24'] },
    start: { type: 'boolean', default: false },
  },
})

const missing = ['debootstrap', 'unshare', 'chroot', 'git', 'npm'].filter((name) => !onPath(name))
if (process.platform !== 'linux' || process.getuid() !== 0 || missing.length > 0) {
  const lacks = missing.length > 0 ? ` (not found: ${missing.join(', ')})` : ''
  console.error(
    `test:fresh needs Linux, root and debootstrap, because it makes a root file system and enters it${lacks}.`,
  )
  process.exit(2)
}
await mkdir(cache, { recursive: true })

const failures = []
for (const version of values.node) {
  console.log(`\nNode ${version}, on Debian's base:`)
  await using(await makeRoot({ cache, version, repository }), async (root) => {
    const inside = new Inside(root)
    if (!(await step(`Node ${version}: npm ci`, () => inside.run('npm ci', 15 * MINUTE)))) return
    await step(`Node ${version}: npm start`, () => startAndVisit(inside))
    if (values.start) return
    const log = path.join(cache, `npm-test-${version}.log`)
    await step(`Node ${version}: npm test`, () => inside.run('npm ci && npm test', 40 * MINUTE, log))
    console.log(`    all that it printed: ${log}`)
  })
}
if (failures.length > 0) console.error(`\nFailed: ${failures.join('; ')}`)
process.exitCode = failures.length > 0 ? 1 : 0

/** The first of the two commands, until its link answers and the lab's session is ready behind it. */
async function startAndVisit(inside) {
  const started = inside.start('npm start -- --no-open --port 0')
  try {
    const link = await started.find(/http:\/\/127\.0\.0\.1:\d+\/#code=\S+/, MINUTE)
    const notes = await openLab(await logIn(link))
    for (const note of notes) console.log(`    said on the page: ${note}`)
  } finally {
    await started.stop()
  }
}

async function step(name, act) {
  const before = performance.now()
  try {
    await act()
    console.log(`  ok      ${name} (${Math.round((performance.now() - before) / 1000)} s)`)
    return true
  } catch (error) {
    console.log(`  FAILED  ${name}: ${error.message}`)
    failures.push(name)
    return false
  }
}

async function using(resource, act) {
  try {
    await act(resource)
  } finally {
    await resource[Symbol.asyncDispose]()
  }
}

function onPath(name) {
  return (process.env.PATH ?? '').split(path.delimiter).some((folder) => existsSync(path.join(folder, name)))
}
