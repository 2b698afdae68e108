import { afterAll, beforeAll, expect, test } from 'vitest'
import { openShell, type Shell } from '../../support/shell.ts'
import { expectRow, titled, type Row } from '../table.ts'

/** What a learner may do to a cluster by mistake: each ends in an ordinary error of kubectl, and the cluster lives on. */

let shell: Shell
const TOO_LARGE_BYTES = 3_300_000

const deployment = (spec: string): string => `apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec: ${spec}
`

beforeAll(async () => {
  shell = await openShell()
  await shell.write({
    'large.yaml': `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: large}\ndata:\n  a: ${'x'.repeat(TOO_LARGE_BYTES)}\n`,
    'tab.yaml': 'a:\n\tb: c\n',
    'kind.yaml': 'apiVersion: shop.example.com/v1\nkind: Basket\nmetadata: {name: a}\n',
    'text.yaml': deployment(
      '{replicas: x, selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}}, spec: {containers: [{name: c, image: nginx}]}}}',
    ),
  })
})
afterAll(() => shell[Symbol.asyncDispose]())

const alive: Row[] = [
  { run: 'kubectl run alive --image=nginx --restart=Never', prints: 'pod/alive created\n' },
  { run: 'kubectl wait pod/alive --for=condition=Ready --timeout=10s', prints: 'pod/alive condition met\n' },
  { run: 'kubectl delete pod alive --now', prints: /^pod "alive" deleted/ },
]

const rows: Row[] = [
  { run: 'kubectl apply -f large.yaml', says: /Request entity too large: limit is 3145728/, exit: 1 },
  { run: 'kubectl apply --server-side -f large.yaml', says: /Request entity too large: limit is 3145728/, exit: 1 },
  { run: 'kubectl apply -f tab.yaml', says: /found character that cannot start any token/, exit: 1 },
  {
    run: 'kubectl apply -f kind.yaml',
    says: /no matches for kind "Basket" in version "shop.example.com\/v1"/,
    exit: 1,
  },
  { run: 'kubectl apply -f text.yaml', says: /json: cannot unmarshal string into Go struct field/, exit: 1 },
  {
    run: 'kubectl apply --server-side -f text.yaml',
    says: /\.spec\.replicas: expected numeric \(int or float\), got string/,
    exit: 1,
  },
  { run: 'kubectl create deployment web --image=nginx', prints: 'deployment.apps/web created\n' },
  {
    run: `kubectl patch deploy web --subresource=scale --type=merge -p '{"spec":{"replicas":"x"}}'`,
    says: /cannot unmarshal string/,
    exit: 1,
  },
  {
    run: `kubectl patch deploy web -p '{"spec":{"selector":{"matchLabels":{"a":"b"}}}}'`,
    says: /spec\.selector: Invalid value: .*field is immutable/,
    exit: 1,
  },
  { run: 'kubectl delete namespace kube-system', says: /this namespace may not be deleted/, exit: 1 },
  { run: 'kubectl delete namespace default', says: /this namespace may not be deleted/, exit: 1 },
  ...alive,
  { run: 'kubectl create namespace istio-system && kubectl create deployment istiod --image=nginx -n istio-system' },
  { run: 'kubectl delete namespace istio-system', prints: 'namespace "istio-system" deleted\n' },
  { run: 'kubectl get all -n istio-system', says: 'No resources found in istio-system namespace.\n' },
  {
    run: 'kubectl delete namespace kube-node-lease',
    prints: 'namespace "kube-node-lease" deleted\n',
  },
  { run: 'kubectl delete all --all', prints: /service "kubernetes" deleted/ },
  // One object a command: kubectl gives up at once when two are missing, on any cluster.
  { run: 'kubectl wait --for=create svc/kubernetes --timeout=10s', prints: /condition met/ },
  { run: 'kubectl wait --for=create ns/kube-node-lease --timeout=10s', prints: /condition met/ },
  { run: 'kubectl delete node --all', prints: /^node ".*" deleted/ },
  { run: 'kubectl delete pods,secrets,configmaps,serviceaccounts --all -n kube-system' },
  { run: 'kubectl wait --for=create sa/default --timeout=10s -n kube-system', prints: /condition met/ },
  { run: 'kubectl wait --for=create cm/kube-root-ca.crt --timeout=10s -n kube-system', prints: /condition met/ },
  ...alive,
]

test.each(titled(rows))('%s', (_title, row) => expectRow(shell, row))

test('nothing of it reached the other namespaces', async () => {
  expect((await shell.run('kubectl get pods -A')).stderr).toBe('No resources found\n')
})
