import { execFile, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createCluster, type Cluster } from '../cluster.ts'
import type { Listening } from './index.ts'

/** The real kubectl against a whole cluster. Its caches go by host and port, so each run has a home of its own. */

const TIMEOUT_MS = 20_000

let cluster: Cluster
let listening: Listening
let home: string
const faults: unknown[] = []

beforeAll(async () => {
  home = mkdtempSync(path.join(tmpdir(), 'kubectl-'))
  cluster = await createCluster({ report: (error) => void faults.push(error) })
  listening = await cluster.listen()
  writeFileSync(path.join(home, 'config'), cluster.kubeconfig(listening.port))
  writeFileSync(path.join(home, 'web.yaml'), web)
})

afterAll(async () => {
  await listening[Symbol.asyncDispose]()
  cluster[Symbol.dispose]()
  rmSync(home, { recursive: true, force: true })
})

const web = `apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: nginx, ports: [{containerPort: 80}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80}]}
`

interface Run {
  code: number
  out: string
  err: string
}

function kubectl(line: string, stdin?: string): Promise<Run> {
  const env = { PATH: process.env['PATH'] ?? '', HOME: home, KUBECONFIG: path.join(home, 'config') }
  return new Promise((resolve) => {
    const child = execFile('kubectl', split(line), { env, cwd: home, timeout: TIMEOUT_MS }, (error, out, err) =>
      resolve({ code: typeof error?.code === 'number' ? error.code : error ? -1 : 0, out, err }),
    )
    child.stdin?.end(stdin ?? '')
  })
}

/** Words, with single quotes. */
function split(line: string): string[] {
  return [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? '')
}

describe('kubectl', () => {
  it.each([
    ['apply -f web.yaml', 'deployment.apps/web created\nservice/web created\n'],
    ['apply -f web.yaml', 'deployment.apps/web unchanged\nservice/web unchanged\n'],
    ['rollout status deploy/web --timeout=15s', /successfully rolled out\n$/],
    ['wait --for=condition=Available deploy/web --timeout=5s', 'deployment.apps/web condition met\n'],
    ['get deploy web --no-headers', /^web\s+2\/2\s+2\s+2\s/],
    ['scale deploy web --replicas=1', 'deployment.apps/web scaled\n'],
    ['set image deploy/web web=nginx:1.28', 'deployment.apps/web image updated\n'],
    ['rollout status deploy/web --timeout=15s', /successfully rolled out\n$/],
    ['rollout undo deploy/web', 'deployment.apps/web rolled back\n'],
    [
      'apply --server-side --force-conflicts -f web.yaml',
      'deployment.apps/web serverside-applied\nservice/web serverside-applied\n',
    ],
    ['label deploy web tier=front', 'deployment.apps/web labeled\n'],
    ['annotate deploy web note=x', 'deployment.apps/web annotated\n'],
    [`patch deploy web -p '{"spec":{"replicas":1}}'`, 'deployment.apps/web patched\n'],
    [
      `patch deploy web --type=json -p '[{"op":"replace","path":"/spec/replicas","value":2}]'`,
      'deployment.apps/web patched\n',
    ],
    [`patch deploy web --type=merge -p '{"spec":{"replicas":1}}'`, 'deployment.apps/web patched\n'],
    ['create namespace shop', 'namespace/shop created\n'],
    ['create configmap settings --from-literal=a=b -n shop', 'configmap/settings created\n'],
    ['create secret generic key --from-literal=a=b -n shop', 'secret/key created\n'],
    ['get configmap settings -n shop -o jsonpath={.data.a}', 'b'],
    ['create token default', /^ey[\w-]+\.[\w-]+\.[\w-]+$/],
    ['explain deploy.spec.replicas', /FIELD: replicas <integer>/],
    ['auth whoami -o jsonpath={.status.userInfo.username}', 'kubernetes-admin'],
    ['auth can-i delete pods --as=system:serviceaccount:default:default', 'no\n'],
    ['delete namespace shop --timeout=15s', /^namespace "shop" deleted/],
    ['top nodes --no-headers', /^labwright-control-plane\s+\d+m/],
  ])('%s', async (line, expected) => {
    const { out, err } = await kubectl(line)
    if (typeof expected === 'string') expect(out, err).toBe(expected)
    else expect(out, err).toMatch(expected)
  })

  it.each([
    ['get pod nope', 1, 'Error from server (NotFound): pods "nope" not found\n'],
    ['create namespace default', 1, 'Error from server (AlreadyExists): namespaces "default" already exists\n'],
    ['create configmap x -n nope', 1, 'error: failed to create configmap: namespaces "nope" not found\n'],
    [
      'delete namespace kube-system',
      1,
      'Error from server (Forbidden): namespaces "kube-system" is forbidden: this namespace may not be deleted\n',
    ],
    ['get nonsense', 1, `error: the server doesn't have a resource type "nonsense"\n`],
  ])('%s fails', async (line, code, message) => {
    const run = await kubectl(line)
    expect(run.err).toContain(message)
    expect(run.code).toBe(code)
  })

  it('refuses a field that does not exist', async () => {
    writeFileSync(path.join(home, 'typo.yaml'), web.replace('replicas: 2', 'replicaz: 2').replaceAll('web', 'typo'))
    const { err } = await kubectl('apply -f typo.yaml')
    expect(err).toContain('strict decoding error: unknown field "spec.replicaz"')
  })

  it('runs commands in containers, with their output, input and exit codes', async () => {
    const pod = (await kubectl('get pods -l app=web -o name')).out.split('\n')[0] ?? ''
    expect(await kubectl(`exec ${pod} -- sh -c 'echo out; echo err >&2; exit 7'`)).toMatchObject({
      code: 7,
      out: 'out\n',
      err: 'err\ncommand terminated with exit code 7\n',
    })
    expect((await kubectl(`exec -i ${pod} -- cat`, 'hello')).out).toBe('hello')
    expect((await kubectl(`logs ${pod}`)).out).toContain('nginx')
  })

  it('forwards ports', async () => {
    const env = { PATH: process.env['PATH'] ?? '', HOME: home, KUBECONFIG: path.join(home, 'config') }
    const child = spawn('kubectl', ['port-forward', 'deploy/web', ':80'], { env })
    try {
      const line = await new Promise<string>((resolve) =>
        child.stdout.once('data', (data: Buffer) => resolve(data.toString())),
      )
      const port = /127\.0\.0\.1:(\d+)/.exec(line)?.[1] ?? ''
      const response = await fetch(`http://127.0.0.1:${port}/`)
      expect(await response.text()).toContain('nginx')
    } finally {
      child.kill()
      await new Promise((resolve) => child.once('exit', resolve))
    }
  })

  it('watches', async () => {
    const env = { PATH: process.env['PATH'] ?? '', HOME: home, KUBECONFIG: path.join(home, 'config') }
    const child = spawn('kubectl', ['get', 'configmaps', '--watch', '--no-headers', '-o', 'name'], { env })
    try {
      const seen = new Promise<void>((resolve) => {
        child.stdout.on('data', (data: Buffer) => data.toString().includes('configmap/later') && resolve())
      })
      await new Promise((resolve) => child.stdout.once('data', resolve))
      await kubectl('create configmap later')
      await seen
    } finally {
      child.kill()
      await new Promise((resolve) => child.once('exit', resolve))
    }
  })

  it('made nothing break', () => expect(faults).toEqual([]))
})
