import { afterEach, expect, test } from 'vitest'
import { World } from './testing/world.ts'

let world: World
afterEach(() => world.dispose())

test('the admin interface tells stats, clusters, metrics, certificates and configuration of its own pod', async () => {
  world = new World()
  const client = world.pod('client')
  world.pod('server', { labels: { app: 'server', version: 'v1' } })
  world.service('server')
  world.objects.apply(`
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: server}
spec: {host: server, trafficPolicy: {connectionPool: {http: {http1MaxPendingRequests: 1}}}, subsets: [{name: v1, labels: {version: v1}}]}
`)
  await world.see('client', 'http://server/')
  const pod = { ...client.pod, status: { podIP: client.ip } }
  world.objects.put(pod)
  const { admin } = world.mesh
  const cluster = 'outbound|80||server.default.svc.cluster.local'
  expect(admin.isConfigured()).toBe(true)
  expect(admin.stats(pod)).toContain(`cluster.${cluster};.circuit_breakers.default.remaining_pending: 1\n`)
  expect(admin.stats(pod)).toContain(`cluster.${cluster};.upstream_rq_total: 1\n`)
  expect(admin.clusters(pod)).toContain(
    'outbound|80|v1|server.default.svc.cluster.local::10.244.0.11:8080::health_flags::healthy',
  )
  expect(admin.prometheus(pod)).toMatch(
    /istio_requests_total\{reporter="source",source_workload="client",.*destination_service="server.default.svc.cluster.local",request_protocol="http",response_code="200",response_flags="-",connection_security_policy="unknown"\} 1\n/,
  )
  expect(JSON.stringify(admin.certificates(pod))).toContain('spiffe://cluster.local/ns/default/sa/default')
  const dump = JSON.stringify(admin.configDump(pod, { endpoints: true }))
  expect(dump).toContain('"cluster_name":"outbound|80|v1|server.default.svc.cluster.local"')
  expect(dump).toContain('"id":"sidecar~10.244.0.10~client.default~default.svc.cluster.local"')
})
