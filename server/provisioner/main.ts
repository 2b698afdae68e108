import { createHash } from 'node:crypto'
import { chmodSync, mkdirSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { createAdaptorServer } from '@hono/node-server'
import packageJson from '../../package.json' with { type: 'json' }
import { provisionerApp } from './app.ts'
import { DockerEngine } from './docker/docker-engine.ts'
import { defaultNodeImage } from './docker/kind-config.ts'
import { Istioctl } from './istioctl.ts'
import { Provisioner } from './provisioner.ts'

/** Without a cluster and without a request it ends; a server that wants something starts it again. */
const IDLE_MILLISECONDS = 60_000
const SWEEP_MILLISECONDS = 5 * 60_000
const DISKS_MILLISECONDS = 30_000
/** Of one cluster with its toolbox; the node's own images take two of them. */
const DISK_GIBIBYTES = 12

/** The provisioner: `--socket PATH --data DIR [--kind-config DIR] [--look]`. It outlives whoever started it; `--look`: to be asked, not to tidy at once. */
const option = { type: 'string' } as const
const { values } = parseArgs({
  options: { socket: option, data: option, 'kind-config': option, look: { type: 'boolean' } },
})
const { socket, data } = values
if (socket === undefined || data === undefined) {
  console.error('provisioner: --socket PATH and --data DIR are needed')
  process.exit(2)
}
const log = (error: unknown, about: string): void => console.error(`${new Date().toISOString()} ${about}:`, error)
process.on('unhandledRejection', (error) => log(error, 'unhandled'))
process.on('uncaughtException', (error) => log(error, 'uncaught'))
process.on('SIGHUP', () => {})
process.umask(0o077)
mkdirSync(data, { recursive: true, mode: 0o700 })

/**
 * Two provisioners would take away what the other makes. The kernel gives a name without a file to one process only, and takes it back
 * when that process ends, however it does.
 */
const lock = createServer()
await new Promise<void>((resolve) => {
  lock.once('error', () => process.exit(0))
  lock.listen(`\0labwright-${createHash('sha256').update(path.resolve(data)).digest('hex')}`, resolve)
})

const templates = values['kind-config'] ?? path.join(import.meta.dirname, '..', 'kind-config')
const environment = Object.fromEntries(
  Object.entries(process.env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
)
const engine = new DockerEngine({
  environment,
  templates,
  hasFirewall: environment['LABWRIGHT_FIREWALL'] !== 'off',
  nodeImage: environment['LABWRIGHT_NODE_IMAGE'] ?? defaultNodeImage(templates),
  workspaceImage: environment['LABWRIGHT_WORKSPACE_IMAGE'] ?? `labwright/workspace:${packageJson.version}`,
})
const diskGibibytes = Number(environment['LABWRIGHT_DISK_GIBIBYTES'] ?? DISK_GIBIBYTES)
if (!(diskGibibytes > 0)) {
  console.error('LABWRIGHT_DISK_GIBIBYTES is no number of gibibytes above 0')
  process.exit(2)
}
const istioctl = environment['LABWRIGHT_ISTIOCTL'] ?? ''
const provisioner = new Provisioner({
  engine,
  ...(istioctl === '' ? {} : { istio: new Istioctl(istioctl, environment) }),
  folder: data,
  diskMebibytes: diskGibibytes * 1024,
  atOnce: Math.max(1, Math.floor(os.cpus().length / 2)),
  log,
})
const server = createAdaptorServer({
  fetch: provisionerApp(provisioner, log, environment['LABWRIGHT_HOST_DIGEST']).fetch,
})

let lastUsed = performance.now()
server.on('request', (_, response) => {
  lastUsed = performance.now()
  response.once('close', () => (lastUsed = performance.now()))
})
rmSync(socket, { force: true })
server.listen(socket, () => {
  chmodSync(socket, 0o600)
  console.log(`provisioner ${process.pid} listens`)
})

async function tidy(): Promise<void> {
  await provisioner.sweep()
  await provisioner.clearProbes()
}
const sweep = () => void tidy().catch((error: unknown) => log(error, 'sweeping'))
if (values.look !== true) sweep()
setInterval(sweep, SWEEP_MILLISECONDS)
setInterval(
  () => void provisioner.checkDisks().catch((error: unknown) => log(error, 'looking at disks')),
  DISKS_MILLISECONDS,
)
setInterval(() => {
  if (provisioner.held === 0 && performance.now() - lastUsed > IDLE_MILLISECONDS) end()
}, IDLE_MILLISECONDS / 4)

/** What is under way is taken up by the next provisioner, from its intents. */
function end(): void {
  rmSync(socket!, { force: true })
  process.exit(0)
}
process.once('SIGTERM', end)
process.once('SIGINT', end)
