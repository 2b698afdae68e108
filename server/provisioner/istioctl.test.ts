import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { imagesOfManifests, Istioctl } from './istioctl.ts'

const MANIFESTS = `
apiVersion: v1
kind: ConfigMap
metadata: { name: istio-sidecar-injector, namespace: istio-system }
data:
  config: |
    templates: { sidecar: "image: '{{ .ProxyImage }}'" }
  values: |
    {"global": {"hub": "docker.io/istio", "tag": "1.31.0", "proxy": {"image": "proxyv2"}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: istio-ingressgateway }
spec: { template: { spec: { containers: [{ name: istio-proxy, image: auto }] } } }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: istiod }
spec: { template: { spec: { containers: [{ name: discovery, image: "docker.io/istio/pilot:1.31.0" }] } } }
---
`

test('images are those of workloads, and the injected one', () => {
  expect(imagesOfManifests(MANIFESTS)).toEqual(['docker.io/istio/pilot:1.31.0', 'docker.io/istio/proxyv2:1.31.0'])
})

test('an injected image with a registry of its own is taken as it is', () => {
  const own = MANIFESTS.replace('"proxyv2"', '"example.org/proxy:7"')
  expect(imagesOfManifests(own)).toContain('example.org/proxy:7')
})

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'labwright-istioctl-'))
})
afterEach(() => rm(folder, { recursive: true }))
const never = new AbortController().signal
const order = () => ({ profile: 'demo', folder, kubeconfig: 'of an administrator', signal: never })

async function istioctl(script: string): Promise<Istioctl> {
  const file = path.join(folder, 'istioctl')
  await writeFile(file, `#!/bin/sh\n${script}`, { mode: 0o755 })
  return new Istioctl(file, { PATH: process.env['PATH'] ?? '' })
}

test('asks for the images of the demo profile once', async () => {
  await writeFile(path.join(folder, 'manifests'), MANIFESTS)
  const own = await istioctl(`cd ${folder}; echo "$@" >>asked; cat manifests`)
  expect(await own.images(never)).toHaveLength(2)
  expect(await own.images(never)).toHaveLength(2)
  expect(await readFile(path.join(folder, 'asked'), 'utf8')).toBe('manifest generate --set profile=demo\n')
})

test('installs the profile with the kubeconfig that it was given, and without a question', async () => {
  const own = await istioctl(`cd ${folder}; echo "$@" >asked; cat admin.kubeconfig >used`)
  await own.install(order())
  expect(await readFile(path.join(folder, 'asked'), 'utf8')).toBe(
    `install --set profile=demo --skip-confirmation --kubeconfig ${folder}/admin.kubeconfig --readiness-timeout 300s\n`,
  )
  expect(await readFile(path.join(folder, 'used'), 'utf8')).toBe('of an administrator')
})

test('says what istioctl said last when it could not install', async () => {
  const own = await istioctl(
    'echo "working ..." >&2; echo "Error: failed to install manifests: no webhook." >&2; exit 1',
  )
  await expect(own.install(order())).rejects.toMatchObject({
    code: 'ISTIO_NOT_INSTALLED',
    details: { reason: 'failed to install manifests: no webhook' },
  })
})

test.each(['images', 'install'] as const)('names the file that is not there (%s)', async (what) => {
  const own = new Istioctl('/nowhere/istioctl', {})
  await expect(what === 'images' ? own.images(never) : own.install(order())).rejects.toMatchObject({
    code: 'ISTIOCTL_MISSING',
    message: expect.stringContaining('LABWRIGHT_ISTIOCTL names /nowhere/istioctl, which cannot be run (ENOENT)'),
  })
})
