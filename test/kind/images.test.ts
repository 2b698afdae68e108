import { execFile } from 'node:child_process'
import { chmodSync } from 'node:fs'
import { mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { imagesOfLab, withTag } from '../../server/lessons/index.ts'
import { loadLab } from '../../server/lessons/index.ts'
import { defaultNodeImage } from '../../server/provisioner/docker/kind-config.ts'
import { startCluster, type RunningCluster } from '../../simulator/index.ts'

/** The images that labs name, on a real cluster beside an embedded one. */
const root = path.resolve(import.meta.dirname, '../..')
const execute = promisify(execFile)
const lab = path.join(root, 'labs/service-mesh')
const name = `img-${process.pid}`
const nodeImage = process.env['LABWRIGHT_NODE_IMAGE'] ?? defaultNodeImage(path.join(root, 'kind-config'))

let folder: string
let images: string[]
let built: string
let embedded: RunningCluster

/** A place where commands find one of the two clusters. */
const where = {
  real: () => ({ ...process.env, KUBECONFIG: path.join(folder, 'real.yaml') }),
  embedded: () => ({ ...process.env, KUBECONFIG: path.join(folder, 'embedded.yaml') }),
}
type Place = keyof typeof where

async function run(place: Place, command: string): Promise<string> {
  const { stdout } = await execute('bash', ['-ec', command], { cwd: path.join(folder, 'files'), env: where[place]() })
  return stdout
}

const labwright = async (...args: string[]): Promise<string> =>
  (await execute(process.execPath, [path.join(root, 'cli/bin.mjs'), ...args], { env: process.env })).stdout

/** What the lab's steps 3 to 8 bring up, without the mesh. */
const setup = `
  for namespace in mesh-demo no-mesh production; do kubectl create namespace $namespace; done
  for namespace in mesh-demo no-mesh default production; do
    until kubectl get serviceaccount default -n $namespace; do sleep 0.2; done
  done
  for namespace in mesh-demo no-mesh; do kubectl apply -n $namespace -f httpbin.yaml -f curl.yaml; done
  kubectl apply -n production -f payments.yaml
  kubectl apply -f frontend.yaml -f reviews.yaml -f stock.yaml
  kubectl scale deployment stock-broken --replicas=1
  kubectl wait --for=condition=Available --timeout=120s deployment --all -A`

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'labwright-kind-images-'))
  await mkdir(path.join(folder, 'files'))
  const { steps } = await loadLab(lab)
  for (const file of steps.flatMap(({ files }) => files))
    await writeFile(path.join(folder, 'files', path.basename(file.path)), file.text)
  images = (await imagesOfLab(lab)).map(withTag)
  built = await labwright('images', 'build', lab, '--offline')
  const kubeconfig = where.real().KUBECONFIG
  await execute('kind', [
    'create',
    'cluster',
    '--name',
    name,
    '--image',
    nodeImage,
    '--kubeconfig',
    kubeconfig,
    '--wait',
    '90s',
  ])
  await execute('kind', ['load', 'docker-image', '--name', name, ...images])
  embedded = await startCluster({ kubeconfig: where.embedded().KUBECONFIG })
  await run('real', setup)
  await run('embedded', setup)
}, 400_000)

afterAll(async () => {
  await embedded?.stop()
  await execute('kind', ['delete', 'cluster', '--name', name]).catch(() => undefined)
  await rm(folder, { recursive: true, force: true })
}, 60_000)

it('labwright images build makes every image that the lab names, and the one of learners shells', () => {
  for (const image of images) expect(built).toContain(`built ${image}\n`)
  expect(built).toMatch(/^built labwright\/workspace:/m)
})

/** Pods have other names on each cluster, and calls take other times. */
const comparable = (output: string): string =>
  output
    .replaceAll(/\b((?:[a-z]+-)*?[a-z]+(?:-v\d)?)-[a-z0-9]{8,10}-[a-z0-9]{5}\b/g, '$1-POD')
    .replaceAll(/10\.\d+\.\d+\.\d+/g, 'ADDRESS')
    .replaceAll(/\d+\.\d{3,}/g, 'TIME')

describe('kubectl exec answers on the real cluster as on the embedded one', () => {
  it.each([
    `-n mesh-demo deploy/curl -- curl -s -o /dev/null -w 'with: %{http_code} in %{time_total} s\\n' http://httpbin.mesh-demo:8000/get`,
    `-n no-mesh deploy/curl -- curl -s http://httpbin.no-mesh:8000/hostname`,
    `-n no-mesh deploy/curl -- curl -s http://httpbin.mesh-demo:8000/status/418`,
    `-n no-mesh deploy/curl -- curl -s -H 'x-one: 1' -A test -d a=1 'http://httpbin:8000/post?b=2'`,
    `-n no-mesh deploy/curl -- sh -c 'curl -s http://no-such-service:8000; echo $?'`,
    `-n no-mesh deploy/curl -- sh -c 'curl -sS -m 3 http://127.0.0.1:81; echo $?'`,
    `-n mesh-demo deploy/curl -- curl -s -w '\\n' payments.production`,
    `deploy/frontend -- curl -s -o /dev/null -w 'POST %{http_code}\\n' -X POST payments.production`,
    `deploy/frontend -- curl -s -o /dev/null -w 'DELETE %{http_code}\\n' -X DELETE payments.production`,
    `deploy/frontend -- sh -c 'for i in $(seq 1 40); do curl -s reviews:9080/reviews/0 | grep -o "reviews-v[0-9]"; done | sort -u'`,
    `deploy/frontend -- curl -s ratings:9080/ratings/0`,
    `deploy/reviews-v2 -- curl -s localhost:9080/reviews/0`,
    `deploy/frontend -- sh -c 'for i in $(seq 1 60); do curl -s -o /dev/null -w "%{http_code}\\n" http://stock:8080/; done | sort -u'`,
    `deploy/frontend -- sh -c "curl -s -Z --parallel-max 40 -o /dev/null -w '%{http_code}\\n' 'http://stock:8080/slow?[1-40]' | sort -u"`,
    `-n production deploy/payments -- id -u`,
    `deploy/ratings-v1 -- id -u`,
    `deploy/frontend -- id -u`,
  ])('kubectl exec %s', async (command) => {
    const [real, simulated] = await Promise.all(
      (['real', 'embedded'] as const).map((place) => run(place, `kubectl exec ${command}`)),
    )
    expect(real).not.toBe('')
    expect(comparable(real!)).toBe(comparable(simulated!))
  })
})

it('a pod that is told to go is gone well within its grace', async () => {
  const before = performance.now()
  await run('real', 'kubectl delete pod -n production -l app=payments --wait --timeout=25s')
  expect(performance.now() - before).toBeLessThan(20_000)
})

it('a file of labwright images save brings back what the engine lost', async () => {
  const file = path.join(folder, 'images.tar')
  expect(await labwright('images', 'save', file, lab)).toContain(`  ${nodeImage.replace(/@.*/, '')}\n`)
  expect((await stat(file)).size).toBeGreaterThan(2 ** 20)
  const lost = 'labwright/payments:1'
  await execute('docker', ['rmi', '--force', lost])
  expect(await labwright('images', 'load', file)).toContain(`  ${lost}\n`)
  await execute('docker', ['image', 'inspect', lost])
}, 180_000)

describe('the image of learners shells', () => {
  const workspace = async (command: string): Promise<string> => {
    const { version } = (await import('../../package.json', { with: { type: 'json' } })).default
    const hardened = ['--read-only', '--cap-drop', 'ALL', '--security-opt', 'no-new-privileges', '--network', 'none']
    const writable = ['--tmpfs', '/tmp', '--tmpfs', '/home/learner:uid=10100,gid=10100']
    const image = `labwright/workspace:${version}`
    const args = ['run', '--rm', ...hardened, ...writable, '--entrypoint', 'bash', image, '-ic', command]
    return (await execute('docker', args)).stdout
  }

  it.each(['kubectl', 'helm', 'curl', 'jq', 'git', 'vim', 'nano', 'node'])('holds %s', async (program) => {
    expect(await workspace(`command -v ${program}`)).toMatch(/^\/usr\/(local\/)?bin\//)
  })

  it('runs as a user of its own, on a root that nobody can write', async () => {
    expect(await workspace('id -un; pwd; touch /x 2>&1 || true')).toBe(
      "learner\n/home/learner\ntouch: cannot touch '/x': Read-only file system\n",
    )
  })

  it('completes kubectl, and k', async () => {
    expect(await workspace('complete -p kubectl k')).toMatch(/__start_kubectl kubectl\n.*__start_kubectl k\n/)
  })

  it('keeps a terminal host as its first process, which looks for its server', async () => {
    const { version } = (await import('../../package.json', { with: { type: 'json' } })).default
    const shared = path.join(folder, 'shared')
    await mkdir(shared)
    const called = new Promise<string>((resolve) => {
      const server = createServer((socket) => {
        server.close()
        socket.destroy()
        resolve('called')
      }).listen(path.join(shared, 'agent.sock'), () => chmodSync(path.join(shared, 'agent.sock'), 0o666))
    })
    const mounted = ['--tmpfs', '/home/learner', '--volume', `${shared}:/run/labwright:ro`]
    const args = ['run', '-d', '--rm', '--init', '--read-only', ...mounted, `labwright/workspace:${version}`]
    const id = (await execute('docker', args)).stdout.trim()
    try {
      expect(await called).toBe('called')
    } finally {
      await execute('docker', ['rm', '--force', id])
    }
  })
})
