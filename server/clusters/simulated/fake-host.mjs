// A simulator host without a simulator: speaks protocol/simulator-host.ts, keeps its clusters in one file, simulates nothing.
// For tests of what the server does around a host. `--crash` ends it at once.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import path from 'node:path'

const option = (name) => process.argv[process.argv.indexOf(name) + 1]
if (process.argv.includes('--crash')) process.exit(3)
const file = path.join(option('--data'), 'fake-clusters.json')
mkdirSync(path.dirname(file), { recursive: true })
const clusters = new Map(existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : [])
const watchers = new Map()
const save = () => writeFileSync(file, JSON.stringify([...clusters]))

function describe(id) {
  const port = 20_000 + clusters.size
  const tokens = { learner: `learner-${id}`, grader: `grader-${id}` }
  return { id, server: `https://127.0.0.1:${port}`, port, certificateAuthority: 'PEM', seed: 1, tokens }
}

const routes = {
  'GET healthz': () => [200, { pid: process.pid, clusters: clusters.size }],
  'GET clusters': (id) => (id ? [200, clusters.get(id)] : [200, [...clusters.values()]]),
  'POST clusters': (_, body) => {
    const known = clusters.has(body.id)
    if (!known) clusters.set(body.id, describe(body.id))
    save()
    return [known ? 200 : 201, clusters.get(body.id)]
  },
  'DELETE clusters': (id) => {
    clusters.delete(id)
    for (const watcher of watchers.get(id) ?? []) watcher.end()
    save()
    return [204]
  },
  'POST reset': (id) => [200, clusters.get(id)],
  'POST probe': (_, body) =>
    body.url === 'http://nowhere/'
      ? [409, { refusal: 'no-workload', message: 'there is no such workload' }]
      : [200, { caller: 'fake', sidecar: false, answers: [{ count: body.count ?? 1, status: 200, body: body.url }] }],
  // Not of the protocol: a test says that something changed.
  'POST change': (id, body) => {
    for (const watcher of watchers.get(id) ?? []) watcher.write(`${JSON.stringify(body)}\n`)
    return [204]
  },
}

rmSync(option('--socket'), { force: true })
createServer((request, response) => {
  const chunks = []
  request.on('data', (chunk) => chunks.push(chunk))
  request.on('end', () => {
    const [first, id, verb] = request.url.slice(1).split('/')
    const answer = (status, body) => response.writeHead(status).end(body === undefined ? '' : JSON.stringify(body))
    if (first === 'clusters' && id && !clusters.has(id))
      return answer(404, { code: 'NO_CLUSTER', message: 'no such cluster' })
    if (verb === 'changes') {
      watchers.set(id, (watchers.get(id) ?? new Set()).add(response))
      response.writeHead(200).write('{"type":"READY"}\n')
      return response.on('close', () => watchers.get(id)?.delete(response))
    }
    const body = chunks.length > 0 ? JSON.parse(Buffer.concat(chunks).toString()) : undefined
    answer(...routes[`${request.method} ${verb ?? first}`](id, body))
  })
}).listen(option('--socket'))
process.on('SIGTERM', () => process.exit(0))
