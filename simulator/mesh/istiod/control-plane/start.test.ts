import { afterEach, beforeEach, expect, test } from 'vitest'
import { createApi, type ClusterApi } from '../../../cluster.ts'
import type { HttpRequest, KubeObject } from '../../../kubernetes/index.ts'
import type { ControlPlane } from '../../../programs/istiod.ts'
import { istioManifests } from '../install/index.ts'
import { startControlPlane } from './start.ts'

let cluster: ClusterApi
let istiod: ControlPlane

beforeEach(async () => {
  cluster = await createApi()
  for (const object of istioManifests({ profile: 'demo' }))
    await cluster.api.apply(object, { manager: 'istio-operator' })
  const pod: KubeObject = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'istiod-1', namespace: 'istio-system', uid: 'u', resourceVersion: '1', creationTimestamp: '' },
  }
  istiod = await startControlPlane({
    api: cluster.api,
    clock: cluster.clock,
    env: { REVISION: 'default' },
    pod,
    log: () => {},
  })
  await settled()
})

afterEach(() => {
  istiod[Symbol.dispose]()
  cluster[Symbol.dispose]()
})

/** Work queues run on microtasks and immediates. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve))
}

function request(method: string, path: string, body = ''): HttpRequest {
  return { method, scheme: 'https', authority: 'istiod', path, headers: [], body }
}

async function review(
  path: string,
  asked: object,
): Promise<{ allowed: boolean; patch?: string; warnings?: string[]; status?: { message: string } }> {
  const body = JSON.stringify({
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    request: { uid: 'r1', operation: 'CREATE', ...asked },
  })
  const answer = await istiod.serve(15017, request('POST', path, body))
  return JSON.parse(String(answer.body)).response
}

const pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web', labels: { app: 'web' } },
  spec: { containers: [{ name: 'web', image: 'web:1' }] },
}

function metric(text: string, name: string): number {
  return Number(new RegExp(`^${name}(?:\\{[^}]*\\})? (.*)$`, 'm').exec(text)?.[1])
}

async function metrics(): Promise<string> {
  return String((await istiod.serve(15014, request('GET', '/metrics'))).body)
}

test('every namespace that holds workloads gets the root certificate, and it is put right when changed', async () => {
  const rootOf = (namespace: string): string | undefined =>
    cluster.api.get('configmaps', namespace, 'istio-ca-root-cert')?.['data']?.['root-cert.pem']
  expect(rootOf('default')).toContain('BEGIN CERTIFICATE')
  expect(rootOf('kube-system')).toBe(rootOf('default'))
  expect(rootOf('kube-public')).toBeUndefined()
  await cluster.api.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } })
  await settled()
  expect(rootOf('shop')).toBe(rootOf('default'))
  const spoil = (object: KubeObject): void => {
    object['data'] = { other: 'kept', 'root-cert.pem': 'x' }
  }
  await cluster.api.mutate('configmaps', 'shop', 'istio-ca-root-cert', spoil)
  await settled()
  expect(cluster.api.get('configmaps', 'shop', 'istio-ca-root-cert')?.['data']).toEqual({
    other: 'kept',
    'root-cert.pem': rootOf('default'),
  })
  await cluster.api.delete('configmaps', 'shop', 'istio-ca-root-cert')
  await settled()
  expect(rootOf('shop')).toBe(rootOf('default'))
})

test('webhooks carry the CA, and validation fails closed', () => {
  const bundle = Buffer.from(
    cluster.api.get('configmaps', 'default', 'istio-ca-root-cert')?.['data']['root-cert.pem'],
  ).toString('base64')
  const hooks = (kind: string, name: string): { failurePolicy: string; clientConfig: { caBundle: string } }[] =>
    cluster.api.get(`${kind}.admissionregistration.k8s.io`, undefined, name)?.['webhooks']
  const all = [
    ...hooks('mutatingwebhookconfigurations', 'istio-revision-tag-default'),
    ...hooks('mutatingwebhookconfigurations', 'istio-sidecar-injector'),
    ...hooks('validatingwebhookconfigurations', 'istiod-default-validator'),
    ...hooks('validatingwebhookconfigurations', 'istio-validator-istio-system'),
  ]
  for (const hook of all) expect(hook).toMatchObject({ failurePolicy: 'Fail', clientConfig: { caBundle: bundle } })
})

test('a pod is answered with a patch, and the counters rise as a real istiod counts', async () => {
  expect(await review('/inject', { namespace: 'default', object: pod })).toMatchObject({
    allowed: true,
    patchType: 'JSONPatch',
  })
  const bad = { ...pod, metadata: { ...pod.metadata, annotations: { 'sidecar.istio.io/proxyCPU': 'lots' } } }
  const refused = await review('/inject', { namespace: 'default', object: bad })
  expect(refused.allowed).toBe(false)
  expect(refused.status?.message).toContain("invalid value 'lots' for annotation")
  expect((await review('/inject', { namespace: 'kube-system', object: pod })).patch).toBeUndefined()
  const text = await metrics()
  expect(metric(text, 'sidecar_injection_requests_total')).toBe(3)
  expect(metric(text, 'sidecar_injection_success_total')).toBe(3)
  expect(metric(text, 'sidecar_injection_failure_total')).toBe(1)
  expect(metric(text, 'sidecar_injection_skip_total')).toBe(1)
})

test('configuration is admitted with a warning or refused with a reason', async () => {
  const rule = (outlierDetection: object): object => ({
    resource: { group: 'networking.istio.io', version: 'v1', resource: 'destinationrules' },
    object: {
      apiVersion: 'networking.istio.io/v1',
      kind: 'DestinationRule',
      metadata: { name: 'x', namespace: 'default' },
      spec: { host: 'reviews', trafficPolicy: { outlierDetection } },
    },
  })
  expect(await review('/validate', rule({ consecutiveErrors: 5 }))).toMatchObject({
    allowed: true,
    warnings: [
      'outlier detection consecutive errors is deprecated, use consecutiveGatewayErrors or consecutive5xxErrors instead',
    ],
  })
  expect(await review('/validate', rule({ maxEjectionPercent: -1 }))).toMatchObject({
    allowed: false,
    status: { message: 'configuration is invalid: percentage -1 is not in range 0..100' },
  })
})

test.each([
  [
    'EnvoyFilter',
    'networking.istio.io/v1alpha3',
    'envoyfilters',
    { configPatches: [{ applyTo: 'CLUSTER', patch: { operation: 'MERGE', value: { name: 'x' } } }] },
  ],
  ['WasmPlugin', 'extensions.istio.io/v1alpha1', 'wasmplugins', { url: 'oci://example.com/filter' }],
])(
  'a %s is admitted with the warning that the practice mesh does not act on it',
  async (kind, apiVersion, plural, spec) => {
    const [group = '', version = ''] = apiVersion.split('/')
    const object = { apiVersion, kind, metadata: { name: 'x', namespace: 'default' }, spec }
    const answer = await review('/validate', { resource: { group, version, resource: plural }, object })
    expect(answer).toMatchObject({
      allowed: true,
      warnings: expect.arrayContaining([
        `the practice mesh does not act on ${kind}: its proxies go on as if it were not there`,
      ]),
    })
  },
)

test('a ServiceEntry without addresses is given one in its status', async () => {
  await cluster.api.create({
    apiVersion: 'networking.istio.io/v1',
    kind: 'ServiceEntry',
    metadata: { name: 'st', namespace: 'default' },
    spec: { hosts: ['st.example.com'], ports: [{ number: 443, name: 'tls', protocol: 'TLS' }], resolution: 'DNS' },
  })
  await settled()
  expect(cluster.api.get('serviceentries.networking.istio.io', 'default', 'st')?.['status']?.addresses).toEqual([
    { host: 'st.example.com', value: '240.240.0.1' },
    { host: 'st.example.com', value: '2001:2::1' },
  ])
})

test('the monitoring port tells the version', async () => {
  expect(await istiod.serve(15014, request('GET', '/version'))).toMatchObject({
    status: 200,
    body: '1.31.0-eed52ebb66ad-Clean',
  })
  expect(await istiod.serve(15014, request('GET', '/nope'))).toMatchObject({ status: 404 })
})

test('after its end nothing is written any more', async () => {
  istiod[Symbol.dispose]()
  await cluster.api.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'late' } })
  await settled()
  expect(cluster.api.get('configmaps', 'late', 'istio-ca-root-cert')).toBeUndefined()
})
