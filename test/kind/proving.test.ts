import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { makeImages } from './support/workspace-image.ts'
import { docker } from './support/world.ts'

const root = path.resolve(import.meta.dirname, '../..')

/** A lab whose second task counts replicas of what the set-up brings. */
const LAB: Record<string, string> = {
  'lab.yaml': `title: Replicas
summary: A lab for this test.
minutes: 5
cluster: { istio: absent }
setup: [setup.yaml]
steps:
  - { id: one, title: One, text: one.md }
  - { id: two, title: Two, text: two.md }
tasks:
  - { id: mine, title: A namespace, points: 5, check: { verifier: kubernetes/namespace-created, with: { ignore: [given] } } }
  - { id: scaled, title: Two replicas, points: 5, check: { shell: check.sh } }
`,
  'setup.yaml': `apiVersion: v1
kind: Namespace
metadata: { name: given }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: web, namespace: given }
spec:
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec:
      containers: [{ name: web, image: 'labwright/payments:1' }]
`,
  'one.md': '# One\n\n{{task mine}}\n',
  'two.md': '# Two\n\n{{task scaled}}\n',
  'check.sh': `test "$(kubectl -n given get deployment web -o jsonpath={.status.readyReplicas})" = 2 || { echo "not two"; exit 1; }\n`,
  'proof.yaml': `solution: { one: one.sh, two: two.sh }
wrong:
  - { name: three, step: two, script: three.sh, task: scaled, code: script-failed, says: not two }
alsoRight:
  - { name: patched, step: two, script: patched.sh, tasks: [scaled], what: a patch }
`,
  'one.sh': 'kubectl create namespace mine\n',
  'two.sh': 'kubectl -n given scale deployment web --replicas=2 && kubectl -n given rollout status deployment web\n',
  'three.sh': 'kubectl -n given scale deployment web --replicas=3 && kubectl -n given rollout status deployment web\n',
  'patched.sh': `kubectl -n given patch deployment web -p '{"spec":{"replicas":2}}' && kubectl -n given rollout status deployment web\n`,
}

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'labwright-proving-'))
  await mkdir(path.join(folder, 'replicas'))
  for (const [name, text] of Object.entries(LAB)) await writeFile(path.join(folder, 'replicas', name), text)
  await makeImages(path.join(folder, 'replicas'))
})
afterAll(() => rm(folder, { recursive: true }))

test('a lab is proven on real clusters: each answer in turn, on the ground of its step, and nothing is left', async () => {
  const json = path.join(folder, 'result.json')
  const args = ['cli/bin.mjs', 'test', path.join(folder, 'replicas'), '--provider', 'kind', '--json', json]
  const { code, out, err } = await new Promise<{ code: number; out: string; err: string }>((resolve) => {
    execFile(process.execPath, args, { cwd: root }, (error, out, err) => {
      resolve({ code: error === null ? 0 : Number(error.code), out, err })
    })
  })
  expect({ code, err }).toEqual({ code: 0, err: '' })
  expect(out).toMatch(/replicas on kind: proven, 7 verdicts/)
  expect(out).toMatch(/^replicas scaled +proven$/m)
  const { provider, tasks } = JSON.parse(await readFile(json, 'utf8')) as {
    provider: string
    tasks: { task: string; states: { state: string; actual: string }[] }[]
  }
  expect(provider).toBe('kind')
  expect(tasks[1]!.states.map(({ state, actual }) => `${state} ${actual}`)).toEqual([
    'untouched unmet',
    'wrong:three unmet',
    'also-right:patched met',
    'solution met',
  ])
  expect(await docker('ps', '--all', '--filter', 'name=proof-', '--format', '{{.Names}}')).toBe('')
})
