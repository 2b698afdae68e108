import { expect, test } from 'vitest'
import { clusterFixture, deployment } from './testing/cluster-fixture.ts'

const service = (spec: object = {}) => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'web', namespace: 'lab', labels: { app: 'web' } },
  spec: {
    clusterIP: '10.96.0.9',
    selector: { app: 'web' },
    ports: [{ name: 'http', port: 80, targetPort: 'web', protocol: 'TCP' }],
    ...spec,
  },
})
const ports = { ports: [{ name: 'web', containerPort: 8080 }] }

async function withService(spec: object, image: string, container: object = ports) {
  const cluster = await clusterFixture()
  await cluster.api.create(service(spec))
  await cluster.api.create(deployment('web', image, 2, container))
  await cluster.clock.advance(1000)
  const slice = () => cluster.api.list('endpointslices.discovery.k8s.io', { namespace: 'lab' })[0]
  return { ...cluster, slice, endpoints: () => cluster.get('endpoints', 'web') }
}

test('ready pods stand behind the service, with the number of the named port', async () => {
  const { slice, endpoints } = await withService({}, 'nginx:1')
  expect(slice()).toMatchObject({
    metadata: {
      labels: {
        app: 'web',
        'kubernetes.io/service-name': 'web',
        'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io',
      },
      ownerReferences: [{ kind: 'Service', name: 'web', controller: true }],
    },
    addressType: 'IPv4',
    ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
    endpoints: [
      {
        addresses: ['10.244.0.5'],
        conditions: { ready: true, serving: true, terminating: false },
        targetRef: { kind: 'Pod' },
      },
      { addresses: ['10.244.0.6'] },
    ],
  })
  expect(endpoints().subsets).toMatchObject([
    { addresses: [{ ip: '10.244.0.5' }, { ip: '10.244.0.6' }], ports: [{ name: 'http', port: 8080, protocol: 'TCP' }] },
  ])
})

const unready = { ...ports, readinessProbe: { httpGet: { port: 9999 } } }

test('a pod that is not ready is told as such', async () => {
  const { slice, endpoints } = await withService({}, 'nginx:1', unready)
  expect(slice()?.endpoints[0].conditions).toEqual({ ready: false, serving: false, terminating: false })
  expect(endpoints().subsets[0]).toMatchObject({ notReadyAddresses: [{}, {}] })
  expect(endpoints().subsets[0].addresses).toBeUndefined()
})

test('publishNotReadyAddresses counts it as ready', async () => {
  const { slice, endpoints } = await withService({ publishNotReadyAddresses: true }, 'nginx:1', unready)
  expect(slice()?.endpoints[0].conditions).toEqual({ ready: true, serving: false, terminating: false })
  expect(endpoints().subsets[0].addresses).toHaveLength(2)
})

test('a pod that is ending gets no more traffic; a deleted service leaves nothing behind', async () => {
  const { api, clock, slice, get } = await withService({}, 'stubborn')
  await api.mutate('deployments.apps', 'lab', 'web', ({ spec }) => void (spec.replicas = 1))
  await clock.advance(100)
  expect(slice()?.endpoints.map(({ conditions }: { conditions: object }) => conditions)).toContainEqual({
    ready: false,
    serving: true,
    terminating: true,
  })
  expect(get('endpoints', 'web').subsets[0].addresses).toHaveLength(1)
  await api.delete('services', 'lab', 'web')
  await clock.advance(1000)
  expect(slice()).toBeUndefined()
  expect(api.get('endpoints', 'lab', 'web')).toBeUndefined()
})
