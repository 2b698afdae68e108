import { afterAll, beforeAll, expect, test } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { createCluster, type Cluster } from '../../simulator/cluster.ts'
import type { KubeObject, NewObject } from '../../simulator/kubernetes/index.ts'
import { istioManifests } from '../../simulator/mesh/istiod/index.ts'
import type { ProbeCaller } from '../../protocol/probe.ts'

/** The mesh on a whole cluster: installed, injected by its webhook, configured through the API, asked by the grader's probe. */

let cluster: Cluster
const faults: unknown[] = []

const world = `
apiVersion: v1
kind: Namespace
metadata: {name: production, labels: {istio-injection: enabled}}
---
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio-injection: enabled}}
---
apiVersion: v1
kind: Namespace
metadata: {name: plain}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: frontend, namespace: shop}
---
apiVersion: v1
kind: Service
metadata: {name: payments, namespace: production}
spec: {selector: {app: payments}, ports: [{name: http, port: 80, targetPort: 8080}]}
---
apiVersion: v1
kind: Pod
metadata: {name: payments, namespace: production, labels: {app: payments}}
spec:
  containers:
    - name: httpbin
      image: mccutchen/go-httpbin
      ports: [{containerPort: 8080}]
      readinessProbe: {httpGet: {path: /status/200, port: 8080}}
`

const policies = `
apiVersion: security.istio.io/v1beta1
kind: PeerAuthentication
metadata: {name: default, namespace: production}
spec: {mtls: {mode: STRICT}}
---
apiVersion: security.istio.io/v1beta1
kind: AuthorizationPolicy
metadata: {name: deny-all, namespace: production}
spec: {}
---
apiVersion: security.istio.io/v1beta1
kind: AuthorizationPolicy
metadata: {name: allow-frontend, namespace: production}
spec:
  action: ALLOW
  rules:
    - from: [{source: {principals: ["cluster.local/ns/shop/sa/frontend"]}}]
      to: [{operation: {methods: ["GET", "POST"]}}]
`

async function apply(text: string): Promise<void> {
  for (const document of parseAllDocuments(text)) await cluster.api.create(document.toJS() as NewObject)
}

const isReady = (pod: KubeObject): boolean =>
  ((pod['status']?.conditions ?? []) as { type: string; status: string }[]).some(
    ({ type, status }) => type === 'Ready' && status === 'True',
  )

/** Resolves when so many pods of a namespace are ready. */
function ready(namespace: string, count: number): Promise<void> {
  return new Promise((resolve) => {
    const watch = cluster.api.watch('pods', () => {
      if (cluster.api.list('pods', { namespace }).filter(isReady).length < count) return
      queueMicrotask(() => watch[Symbol.dispose]())
      resolve()
    })
  })
}

async function see(from: ProbeCaller, url: string, method = 'GET'): Promise<string> {
  const result = await cluster.network.probe({ from, url, method })
  if ('refusal' in result) return result.refusal
  const [answer] = result.answers
  return answer?.failure?.kind ?? `${answer?.status}${answer?.status === 200 ? '' : ` ${answer?.body}`}`
}

const frontend: ProbeCaller = {
  kind: 'identity',
  namespace: 'shop',
  serviceAccount: 'frontend',
  sidecar: 'as-injected',
}
const other: ProbeCaller = { ...frontend, serviceAccount: 'default' }
const naked: ProbeCaller = { kind: 'identity', namespace: 'plain', serviceAccount: 'default', sidecar: 'none' }
const url = 'http://payments.production/anything'

beforeAll(async () => {
  cluster = await createCluster({ report: (error, where) => void faults.push([where, error]) })
  for (const object of istioManifests({ profile: 'demo' })) await cluster.api.create(object)
  await ready('istio-system', 3)
  await apply(world)
  await ready('production', 1)
})

afterAll(() => cluster[Symbol.dispose]())

test('without policies everyone is served, with and without a sidecar', async () => {
  expect(await Promise.all([frontend, other, naked].map((from) => see(from, url)))).toEqual(['200', '200', '200'])
  expect(await see(frontend, 'https://payments.production:80/')).toBe('tls')
})

test('strict mTLS cuts off plaintext, deny-all and allow-frontend let frontend GET and POST', async () => {
  await apply(policies)
  const denied = '403 RBAC: access denied'
  expect(await Promise.all([naked, frontend, other].map((from) => see(from, url)))).toEqual(['reset', '200', denied])
  expect(await see(frontend, url, 'POST')).toBe('200')
  expect(await see(frontend, url, 'DELETE')).toBe(denied)
})

test('the server’s proxy says so in its log, and stays ready under STRICT', async () => {
  const target = { namespace: 'production', pod: 'payments', container: 'istio-proxy' }
  const chunks: Uint8Array[] = []
  const signal = new AbortController().signal
  for await (const chunk of cluster.node.kubelet.logs(target, { signal })) chunks.push(chunk)
  const log = Buffer.concat(chunks).toString()
  expect(log).toContain('"DELETE /anything HTTP/1.1" 403 - rbac_access_denied_matched_policy[none] - ')
  expect(log).toContain('0 NR filter_chain_not_found - ')
  expect(cluster.api.list('pods', { namespace: 'production' }).every(isReady)).toBe(true)
  expect(faults).toEqual([])
})
