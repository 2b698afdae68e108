import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { request } from 'node:http'
import path from 'node:path'
import { figure, repeat, residentMebibytes, temporaryFolder, timed, type Benchmark } from './measure.ts'

const host = path.resolve(import.meta.dirname, '../dist/simulator-host.js')
/** Clusters that are made at once to see what one more costs. */
const BATCH = 5

/** A cluster in a warm host: how soon it answers, and what a further idle one takes. */
export const clusters: Benchmark = {
  name: 'clusters',
  async run(runs, resources) {
    const folder = await temporaryFolder(resources)
    const socket = path.join(folder, 'host.sock')
    const child = spawn(process.execPath, [host, '--socket', socket, '--data', path.join(folder, 'clusters')], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const ended = once(child, 'exit')
    resources.add({
      async [Symbol.asyncDispose]() {
        child.kill('SIGTERM')
        await ended
      },
    })
    await once(child.stdout, 'data')
    await post(socket, { id: 'warm-up' })
    const ready = await repeat(runs, (index) => timed(() => post(socket, { id: `ready-${index}` })))
    await settle()
    let resident = await residentMebibytes(child.pid!)
    const each = await repeat(runs, async (run) => {
      for (let index = 0; index < BATCH; index++) await post(socket, { id: `idle-${run}-${index}` })
      await settle()
      const before = resident
      resident = await residentMebibytes(child.pid!)
      return (resident - before) / BATCH
    })
    return [
      figure('clusters: ready in a warm host', ready, 300),
      figure('clusters: memory of a further idle cluster', each, 10, 'MiB'),
    ]
  },
}

const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 3000))

function post(socketPath: string, body: unknown): Promise<void> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json' }
    const call = request({ socketPath, path: '/clusters', method: 'POST', headers }, (response) => {
      response.resume()
      response.on('end', () =>
        response.statusCode! < 300 ? resolve() : reject(new Error(`status ${response.statusCode}`)),
      )
    })
    call.on('error', reject)
    call.end(JSON.stringify(body))
  })
}
