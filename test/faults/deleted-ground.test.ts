import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { LearnerShell } from '../support/learner-shell.ts'
import { waitFor } from '../support/waiting.ts'
import { startWorld, type World } from '../support/world.ts'

const labs = path.resolve(import.meta.dirname, '../../labs')
/** The service-mesh lab up to strict mTLS, and what a careless learner then deletes. */
let world: World
let session: string
let shell: LearnerShell

beforeAll(async () => {
  world = await startWorld({ args: ['--labs', labs] })
  ;({ session, shell } = await world.enter('service-mesh'))
  for (const step of ['your-cluster', 'install-istio', 'strict-mtls']) await solve(step)
})
afterAll(() => world[Symbol.asyncDispose]())

async function solve(step: string): Promise<void> {
  const page = await world.page.ask<{ files: { id: string }[] }>('GET', `/api/sessions/${session}/steps/${step}`)
  await world.page.ask('POST', `/api/sessions/${session}/steps/${step}`)
  for (const { id } of page.files) await world.page.ask('POST', `/api/sessions/${session}/files`, { step, file: id })
  const script = await readFile(path.join(labs, 'service-mesh/solution', `${step}.sh`), 'utf8')
  await writeFile(path.join(world.home(session), 'solution.sh'), script)
  expect(await shell.run('bash ~/solution.sh', 60_000)).toMatchObject({ exitCode: 0 })
}
const task = async (id: string) => (await world.page.view(session)).tasks.find((one) => one.id === id)!
const becomes = (id: string, state: string) => waitFor(async () => (await task(id)).state === state, 15_000)
/** By a change alone: nobody presses a button. */
async function falls(id: string, reason: RegExp): Promise<void> {
  await becomes(id, 'fallen')
  expect(await task(id)).toMatchObject({ reason: expect.stringMatching(reason), earned: 0 })
}

test('what was done is met', async () => {
  for (const id of ['first-look', 'istio-installed', 'default-injection', 'plaintext-refused']) await becomes(id, 'met')
})

test('their own namespaces: the tasks fall back with a reason', async () => {
  expect(await shell.run('kubectl delete namespace playground production')).toMatchObject({ exitCode: 0 })
  await falls('first-look', /namespace/)
  await falls('plaintext-refused', /production/)
})

test('istio-system: the tasks fall back with a reason', async () => {
  expect(await shell.run('kubectl delete namespace istio-system')).toMatchObject({ exitCode: 0 })
  await falls('istio-installed', /istiod|istio-system/)
})

test('installing and doing them again brings all of them back', async () => {
  expect(await shell.run('istio-*/bin/istioctl install --set profile=demo -y', 60_000)).toMatchObject({ exitCode: 0 })
  for (const step of ['your-cluster', 'strict-mtls']) await solve(step)
  for (const id of ['first-look', 'istio-installed', 'plaintext-refused']) await becomes(id, 'met')
})

test('kube-system: the API refuses as Kubernetes does, and a cluster without its contents lives on', async () => {
  expect(await shell.run('kubectl delete namespace kube-system default')).toEqual({
    exitCode: 1,
    output: expect.stringMatching(
      /Error from server \(Forbidden\): namespaces "kube-system" is forbidden: this namespace may not be deleted/,
    ),
  })
  const all = 'kubectl delete all,configmap,serviceaccount,secret --all -n kube-system --wait=false'
  expect(await shell.run(all)).toMatchObject({ exitCode: 0 })
  const pod = 'kubectl run late --image=nginx && kubectl wait --for=condition=Ready pod/late --timeout=20s'
  expect(await shell.run(pod)).toMatchObject({ exitCode: 0 })
  for (const id of ['first-look', 'istio-installed', 'plaintext-refused'])
    expect(await world.page.check(session, id)).toMatchObject({ state: 'met' })
})
