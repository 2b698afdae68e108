import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { request } from 'node:http'
import os from 'node:os'
import path from 'node:path'
import { figure, median, repeat, timed, type Benchmark } from './measure.ts'

const host = path.resolve(import.meta.dirname, '../dist/simulator-host.js')
/** Clusters that are made to see what one more costs. */
const many = 20

/** A cluster in a warm host: how soon it answers, and what a further idle one takes. */
export const clusters: Benchmark = {
  name: 'clusters',
  async run(runs) {
    const folder = await mkdtemp(path.join(os.tmpdir(), 'labwright-bench-'))
    const socket = path.join(folder, 'host.sock')
    const child = spawn(process.execPath, [host, '--socket', socket, '--data', path.join(folder, 'clusters')], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    try {
      await new Promise((resolve) => child.stdout?.once('data', resolve))
      await post(socket, { id: 'warm-up' })
      const ready = await repeat(runs, (index) => timed(() => post(socket, { id: `ready-${index}` })))
      await settle()
      const before = await residentMebibytes(child)
      for (let index = 0; index < many; index++) await post(socket, { id: `idle-${index}` })
      await settle()
      const each = ((await residentMebibytes(child)) - before) / many
      return [
        figure('clusters: ready in a warm host', ready, 300),
        figure('clusters: memory of a further idle cluster', [each], 10, 'MiB'),
      ]
    } finally {
      const ended = new Promise((resolve) => child.once('exit', resolve))
      child.kill('SIGTERM')
      await ended
      await rm(folder, { recursive: true, force: true })
    }
  },
}

const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 3000))

async function residentMebibytes(child: ChildProcess): Promise<number> {
  const samples: number[] = []
  for (let index = 0; index < 5; index++) {
    const status = await readFile(`/proc/${child.pid}/status`, 'utf8')
    samples.push(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024)
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
  return median(samples)
}

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
