import { expect, test } from 'vitest'
import { ManualClock, seededRandom, type KubeObject } from '../kubernetes/index.ts'
import { memoryApi } from '../kubernetes/testing/memory-api.ts'
import type { PodTokenRequest } from './contract.ts'
import { environmentOf, expand } from './environment.ts'
import { mountedFiles, volumeFiles } from './volumes.ts'

test.each([
  ['$(A)/x', '1/x'],
  ['$$(A)', '$(A)'],
  ['$(NOPE)', '$(NOPE)'],
  ['$A', '$A'],
])('%s expands to %s', (text, expected) => {
  expect(expand(text, { A: '1' })).toBe(expected)
})

async function setup() {
  const api = memoryApi({ clock: new ManualClock(), random: seededRandom(1) })
  const metadata = { name: 'conf', namespace: 'lab' }
  await api.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { MODE: 'lab', 'app.yaml': 'a: 1' } })
  await api.create({ apiVersion: 'v1', kind: 'Secret', metadata, data: { pass: Buffer.from('s3').toString('base64') } })
  const spec = { clusterIP: '10.96.0.7', ports: [{ name: 'http', port: 80, protocol: 'TCP' }] }
  await api.create({ apiVersion: 'v1', kind: 'Service', metadata: { name: 'my-web', namespace: 'lab' }, spec })
  return api
}

const pod = (spec: KubeObject['spec'] = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    name: 'p',
    namespace: 'lab',
    uid: 'u',
    resourceVersion: '1',
    creationTimestamp: '',
    labels: { app: 'x' },
  },
  spec: { nodeName: 'n', serviceAccountName: 'bot', containers: [], ...spec },
})
const where = { podIP: '10.244.0.5', nodeIP: '172.18.0.2' }

test('the environment comes from values, references, fields, resources and services', async () => {
  const api = await setup()
  const container = {
    name: 'c',
    resources: { limits: { memory: '64Mi' }, requests: { cpu: '250m' } },
    envFrom: [{ prefix: 'C_', configMapRef: { name: 'conf' } }, { secretRef: { name: 'ghost', optional: true } }],
    env: [
      { name: 'IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
      { name: 'LABEL', valueFrom: { fieldRef: { fieldPath: "metadata.labels['app']" } } },
      { name: 'ACCOUNT', valueFrom: { fieldRef: { fieldPath: 'spec.serviceAccountName' } } },
      { name: 'MEMORY', valueFrom: { resourceFieldRef: { resource: 'limits.memory', divisor: '1Mi' } } },
      { name: 'CPU', valueFrom: { resourceFieldRef: { resource: 'requests.cpu' } } },
      { name: 'PASS', valueFrom: { secretKeyRef: { name: 'conf', key: 'pass' } } },
      { name: 'URL', value: 'http://$(IP)' },
    ],
  }
  expect(environmentOf(api, pod(), container, where)).toMatchObject({
    HOSTNAME: 'p',
    C_MODE: 'lab',
    IP: '10.244.0.5',
    LABEL: 'x',
    ACCOUNT: 'bot',
    MEMORY: '64',
    CPU: '1',
    PASS: 's3',
    URL: 'http://10.244.0.5',
    MY_WEB_SERVICE_HOST: '10.96.0.7',
    MY_WEB_SERVICE_PORT_HTTP: '80',
    MY_WEB_PORT_80_TCP: 'tcp://10.96.0.7:80',
  })
})

test('a key that a Secret lacks is named', async () => {
  const api = await setup()
  const env = [{ name: 'X', valueFrom: { secretKeyRef: { name: 'conf', key: 'nope' } } }]
  expect(() => environmentOf(api, pod(), { env }, where)).toThrow("couldn't find key nope in Secret lab/conf")
})

test('volumes become files under their mount paths', async () => {
  const api = await setup()
  const volumes = [
    { name: 'conf', configMap: { name: 'conf', items: [{ key: 'app.yaml', path: 'etc/app.yaml' }] } },
    {
      name: 'all',
      projected: {
        sources: [
          { secret: { name: 'conf' } },
          { downwardAPI: { items: [{ path: 'labels', fieldRef: { fieldPath: 'metadata.labels' } }] } },
        ],
      },
    },
    { name: 'tmp', emptyDir: {} },
    {
      name: 'token',
      projected: { sources: [{ serviceAccountToken: { path: 'token', audience: 'vault', expirationSeconds: 600 } }] },
    },
  ]
  const volumeMounts = [
    { name: 'conf', mountPath: '/conf/' },
    { name: 'conf', mountPath: '/one.yaml', subPath: 'etc/app.yaml' },
    { name: 'all', mountPath: '/all' },
    { name: 'tmp', mountPath: '/tmp' },
    { name: 'token', mountPath: '/var/run/token' },
  ]
  const issueToken = (_: KubeObject, { audience }: PodTokenRequest) => `for ${audience}`
  const files = mountedFiles({ volumeMounts }, volumeFiles({ api, pod: pod({ volumes }), ...where, issueToken }))
  const texts = Object.fromEntries([...files].map(([path, content]) => [path, Buffer.from(content).toString()]))
  expect(texts).toEqual({
    '/conf/etc/app.yaml': 'a: 1',
    '/one.yaml': 'a: 1',
    '/all/pass': 's3',
    '/all/labels': 'app="x"',
    '/var/run/token/token': 'for vault',
  })
})
