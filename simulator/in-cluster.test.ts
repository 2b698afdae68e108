import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createCluster, type Cluster } from './cluster.ts'
import type { NewObject } from './kubernetes/index.ts'

const account = '/var/run/secrets/kubernetes.io/serviceaccount'
const api = (path: string): string =>
  `curl -s --cacert ${account}/ca.crt -H "Authorization: Bearer $(cat ${account}/token)" https://kubernetes.default.svc${path}`

let cluster: Cluster
beforeAll(async () => {
  cluster = await createCluster()
  await cluster.listen()
  const pod: NewObject = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'client', namespace: 'default' },
    spec: { containers: [{ name: 'client', image: 'curlimages/curl', command: ['sleep', 'infinity'] }] },
  }
  await cluster.api.create(pod)
  while (cluster.api.get('pods', 'default', 'client')?.['status']?.phase !== 'Running')
    await new Promise((resolve) => setTimeout(resolve, 10))
})
afterAll(() => cluster[Symbol.dispose]())

async function run(script: string): Promise<string> {
  let output = ''
  const take = (chunk: Uint8Array): void => void (output += Buffer.from(chunk).toString())
  await cluster.node.kubelet.exec({ namespace: 'default', pod: 'client' }, ['sh', '-c', script], {
    stdin: undefined,
    stdout: take,
    stderr: take,
    tty: false,
    onResize: () => {},
    signal: AbortSignal.timeout(10_000),
  })
  return output
}

describe('a pod that calls the API server', () => {
  it('is found by the addresses that the Service kubernetes leads to', () => {
    const slice = cluster.api.get('endpointslices.discovery.k8s.io', 'default', 'kubernetes')
    expect(slice).toMatchObject({ endpoints: [{ addresses: ['172.18.0.2'] }], ports: [{ port: 6443 }] })
    const endpoints = cluster.api.get('endpoints', 'default', 'kubernetes')
    expect(endpoints?.['subsets']).toMatchObject([{ addresses: [{ ip: '172.18.0.2' }] }])
  })

  it('is taken for the account whose token its volume holds, with the rights of that account', async () => {
    expect(JSON.parse(await run(api('/api/v1/namespaces/default/pods')))).toMatchObject({
      kind: 'Status',
      code: 403,
      message: expect.stringContaining('User "system:serviceaccount:default:default" cannot list resource "pods"'),
    })
    await cluster.api.create({
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata: { name: 'view', namespace: 'default' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' },
      subjects: [{ kind: 'ServiceAccount', name: 'default', namespace: 'default' }],
    })
    expect(JSON.parse(await run(api('/api/v1/namespaces/default/pods')))).toMatchObject({
      kind: 'PodList',
      items: [{ metadata: { name: 'client' } }],
    })
  })

  it.each([
    ['says nothing of itself', 'curl -sk https://kubernetes.default/api', '"system:anonymous\\" cannot get path'],
    [
      'shows a token that nobody signed',
      'curl -sk -H "Authorization: Bearer a.b.c" https://10.96.0.1/api',
      '"code":401',
    ],
    ['asks for what everyone may see', 'curl -sk https://kubernetes.default/readyz', 'ok'],
    ['goes to the node itself', 'curl -sk https://172.18.0.2:6443/version', '"gitVersion": "v1.34.4"'],
    ['speaks no TLS', 'curl -s http://kubernetes.default:443/', 'Client sent an HTTP request to an HTTPS server.'],
  ])('%s', async (_, script, expected) => {
    expect(await run(script)).toContain(expected)
  })
})
