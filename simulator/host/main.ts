import { mkdirSync, rmSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { createAdaptorServer } from '@hono/node-server'
import { HostedClusters } from './clusters.ts'
import { controlApp } from './control.ts'

/** The simulator host: `--socket PATH --data DIR`. It outlives whoever started it and ends on SIGTERM. */
const { values } = parseArgs({ options: { socket: { type: 'string' }, data: { type: 'string' } } })
const { socket, data } = values
if (socket === undefined || data === undefined) {
  console.error('simulator-host: --socket PATH and --data DIR are needed')
  process.exit(2)
}

const report = (error: unknown, about: string): void => console.error(`${new Date().toISOString()} ${about}:`, error)
process.on('unhandledRejection', (error) => report(error, 'unhandled'))
process.on('uncaughtException', (error) => report(error, 'uncaught'))

mkdirSync(data, { recursive: true, mode: 0o700 })
process.umask(0o077)
const clusters = new HostedClusters(data, report)
await clusters.restore()
const server = createAdaptorServer({ fetch: controlApp(clusters).fetch })
rmSync(socket, { force: true })
server.listen(socket, () => console.log(`ready ${socket}`))

const end = (): void => {
  server.close()
  void clusters[Symbol.asyncDispose]().finally(() => {
    rmSync(socket, { force: true })
    process.exit(0)
  })
}
process.once('SIGTERM', end)
process.once('SIGINT', end)
