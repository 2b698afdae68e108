// Makes dist/: the processes of the product and the pages, from TypeScript, with Vite.
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { copyFile, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import path from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { emitTypes } from './types.mjs'

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)))
const dist = path.join(root, 'dist')
const stampFile = path.join(dist, 'stamp')
const sources = [
  'build',
  'cli',
  'client',
  'protocol',
  'server',
  'simulator',
  'verifiers',
  'package.json',
  'package-lock.json',
]

/** Every process of the product is one entry: dist/NAME.js. */
const entries = {
  labwright: 'cli/main.ts',
  'terminal-host': 'server/workspaces/terminal-host/main.ts',
  'simulator-host': 'simulator/host/main.ts',
  'check-runner': 'server/grading/runner/main.ts',
  provisioner: 'server/provisioner/main.ts',
  simulator: 'simulator/index.ts',
  'lab-schema': 'server/lessons/native/json-schema.ts',
}

/** Programs that learners' shells and images run: each is one file that needs nothing beside it, for nothing else of ours is there. */
const standalone = {
  istioctl: 'simulator/istioctl/main.ts',
  curl: 'server/workspaces/stand-ins/curl/main.ts',
  jq: 'server/workspaces/stand-ins/jq/main.ts',
  program: 'simulator/programs/serve/main.ts',
  // The terminal host of a container, which holds no packages but node-pty.
  'terminal-agent': 'server/workspaces/terminal-host/agent.ts',
}

async function* files(start) {
  const info = await stat(start)
  if (info.isFile()) yield [start, info]
  else
    for (const name of (await readdir(start)).sort()) if (name !== 'node_modules') yield* files(path.join(start, name))
}

/** A hash over names, sizes and times of all sources: equal means that dist/ is still true. */
async function stamp() {
  const hash = createHash('sha256')
  for (const source of sources.filter((name) => existsSync(path.join(root, name))))
    for await (const [file, info] of files(path.join(root, source)))
      if (!/\.test\.tsx?$/.test(file)) hash.update(`${path.relative(root, file)} ${info.size} ${info.mtimeMs}\n`)
  return hash.digest('hex')
}

export async function build({ quiet = false, types = false, force = false } = {}) {
  const wanted = await stamp()
  const current = existsSync(stampFile) ? await readFile(stampFile, 'utf8') : ''
  if (force || current.split(' ')[0] !== wanted) await makeDist({ quiet, wanted })
  // Beside what is there: a server that runs from dist/ is not disturbed by packing.
  if (types && !(await readFile(stampFile, 'utf8')).endsWith(' types')) {
    await emitTypes(root)
    await writeFile(stampFile, `${wanted} types`)
  }
}

async function makeDist({ quiet, wanted }) {
  const vite = await import('vite')
  await rm(dist, { recursive: true, force: true })
  await mkdir(dist, { recursive: true })
  const logLevel = quiet ? 'error' : 'warn'
  const present = Object.fromEntries(Object.entries(entries).filter(([, file]) => existsSync(path.join(root, file))))
  if (Object.keys(present).length > 0)
    await vite.build({
      configFile: false,
      root,
      logLevel,
      ssr: await bundling(),
      build: {
        ssr: true,
        outDir: dist,
        emptyOutDir: false,
        target: 'node20',
        minify: false,
        sourcemap: true,
        rollupOptions: {
          input: present,
          output: { format: 'es', entryFileNames: '[name].js', chunkFileNames: 'chunks/[name]-[hash].js' },
        },
      },
    })
  for (const [name, file] of Object.entries(standalone))
    if (existsSync(path.join(root, file))) await buildStandalone(vite, name, file, logLevel)
  if (existsSync(path.join(root, 'client/index.html')))
    await vite.build({
      configFile: path.join(root, 'client/vite.config.ts'),
      root: path.join(root, 'client'),
      logLevel,
    })
  await makeJqEngine()
  const { labJsonSchema } = await import(pathToFileURL(path.join(dist, 'lab-schema.js')).href)
  await writeFile(path.join(dist, 'lab.schema.json'), `${JSON.stringify(labJsonSchema(), null, 2)}\n`)
  await writeFile(stampFile, wanted)
}

/** What package.json names as dependencies is installed with the product; everything else is bundled. */
async function bundling() {
  const { dependencies } = JSON.parse(await readFile(path.join(root, 'package.json'), 'utf8'))
  // just-bash's optional packages for archives: left out by our overrides, and never asked for by a lab.
  return { noExternal: true, external: [...Object.keys(dependencies), '@mongodb-js/zstd', 'node-liblzma'] }
}

async function buildStandalone(vite, name, file, logLevel) {
  await vite.build({
    configFile: false,
    root,
    logLevel,
    ssr: { noExternal: true },
    build: {
      ssr: true,
      outDir: dist,
      emptyOutDir: false,
      target: 'node20',
      minify: false,
      rollupOptions: {
        input: { [name]: file },
        output: { format: 'es', entryFileNames: '[name].js', codeSplitting: false },
      },
    },
  })
}

/**
 * jq-web starts its module when it is loaded, with an environment and streams of its own that lose what was printed before an error. The
 * engine is the same code up to there: a function that makes the module with our environment, and shows its file system.
 */
async function makeJqEngine() {
  const folder = path.dirname(createRequire(import.meta.url).resolve('jq-web'))
  let engine = await readFile(path.join(folder, 'jq.js'), 'utf8')
  const changes = [
    [/var ENV = \{\s*\};/, "var ENV = Module['ENV'];"],
    ['{ json, raw },', '{ FS },'],
    [/jq = jq\(\)\.then\([^]*$/, ''],
  ]
  for (const [from, to] of changes) {
    const changed = engine.replace(from, to)
    if (changed === engine) throw new Error(`jq-web has another form than build/build.mjs expects: no ${from}`)
    engine = changed
  }
  await writeFile(path.join(dist, 'jq-engine.cjs'), engine)
  await copyFile(path.join(folder, 'jq.wasm'), path.join(dist, 'jq.wasm'))
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  await build({ types: process.argv.includes('--types'), force: process.argv.includes('--force') })
