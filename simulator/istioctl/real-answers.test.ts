import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { waitFor } from '../../test/support/waiting.ts'
import { createCluster, type Cluster } from '../cluster.ts'
import type { NewObject } from '../kubernetes/index.ts'
import { istioctl } from './testing/run.ts'

/**
 * What istioctl 1.31 answered on a real cluster with sidecars in it, after steps 5 to 8 of the service-mesh lab, as recorded in
 * real-answers.txt, with placeholders for the names of pods.
 */
const recorded = readFileSync(path.join(import.meta.dirname, 'testing/real-answers.txt'), 'utf8')
const cases = recorded
  .split(/^\$ /m)
  .slice(1)
  .map((text): [string, string] => {
    const end = text.indexOf('\n')
    return [text.slice(0, end), text.slice(end + 1)]
  })

let cluster: Cluster
let folder: string
let stop: () => Promise<void>
/** `<frontend-v1>` in a recording is the name of that pod. */
const pods = new Map<string, string>()

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'istioctl-real-'))
  cluster = await createCluster()
  const listening = await cluster.listen()
  writeFileSync(path.join(folder, 'config'), cluster.kubeconfig(listening.port))
  stop = async () => listening[Symbol.asyncDispose]()
  await istioctl(['install', '--set', 'profile=demo', '-y'], { env: { KUBECONFIG: path.join(folder, 'config') } })
  const objects = parseAllDocuments(readFileSync(path.join(import.meta.dirname, 'testing/real-answers.yaml'), 'utf8'))
  for (const object of objects) await cluster.api.apply(object.toJS() as NewObject, { manager: 'test' })
  await waitFor(() => {
    const all = cluster.api.list('pods').filter(({ metadata }) => metadata.namespace !== 'istio-system')
    for (const { metadata } of all)
      pods.set(`${metadata.labels?.['app']}-${metadata.labels?.['version']}`, metadata.name)
    const isReady = (pod: (typeof all)[number]) =>
      (pod['status']?.conditions as { type: string; status: string }[] | undefined)?.some(
        ({ type, status }) => type === 'Ready' && status === 'True',
      )
    return all.length === 5 && all.every(isReady)
  }, 60_000)
}, 120_000)

afterAll(async () => {
  await stop()
  cluster[Symbol.dispose]()
  rmSync(folder, { recursive: true })
})

function withoutNames(text: string): string {
  const named = [...pods].reduce((all, [key, name]) => all.replaceAll(name, `<${key}>`), text)
  return named.replaceAll(/ +$/gm, '')
}

test.each(cases)('istioctl %s', async (command, answer) => {
  const words = command.replaceAll(/<([\w-]+)>/g, (_, key: string) => pods.get(key) ?? key).split(' ')
  const { stdout, stderr } = await istioctl(words, { env: { KUBECONFIG: path.join(folder, 'config') } })
  expect(withoutNames(stdout + stderr)).toBe(withoutNames(answer))
})
