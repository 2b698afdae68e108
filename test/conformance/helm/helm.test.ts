import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, test } from 'vitest'
import { openShell, type Shell } from '../../support/shell.ts'
import { expectRow, titled, type Row } from '../table.ts'

/** The real helm and a small chart of our own: the life of a release. */

const chart: Record<string, string> = {
  'shop/Chart.yaml': 'apiVersion: v2\nname: shop\nversion: 0.1.0\nappVersion: "1.27"\n',
  'shop/values.yaml': 'replicas: 1\nimage: nginx:1.27\n',
  'shop/templates/NOTES.txt': 'Ask {{ .Release.Name }} on port 80.\n',
  'shop/templates/page.yaml': `apiVersion: v1
kind: ConfigMap
metadata: {name: "{{ .Release.Name }}-page"}
data: {index.html: "revision {{ .Release.Revision }}"}
`,
  'shop/templates/web.yaml': `apiVersion: apps/v1
kind: Deployment
metadata: {name: "{{ .Release.Name }}"}
spec:
  replicas: {{ .Values.replicas }}
  selector: {matchLabels: {app: "{{ .Release.Name }}"}}
  template:
    metadata: {labels: {app: "{{ .Release.Name }}"}}
    spec:
      containers: [{name: web, image: "{{ .Values.image }}", ports: [{containerPort: 80}]}]
---
apiVersion: v1
kind: Service
metadata: {name: "{{ .Release.Name }}"}
spec: {selector: {app: "{{ .Release.Name }}"}, ports: [{port: 80}]}
`,
  'shop/templates/hook.yaml': `apiVersion: batch/v1
kind: Job
metadata:
  name: "{{ .Release.Name }}-check"
  annotations: {helm.sh/hook: post-install, helm.sh/hook-delete-policy: hook-succeeded}
spec:
  template:
    spec:
      restartPolicy: Never
      containers: [{name: check, image: busybox, command: [wget, -qO-, "http://{{ .Release.Name }}"]}]
`,
}

let shell: Shell

beforeAll(async () => {
  shell = await openShell()
  await mkdir(path.join(shell.folder, 'shop/templates'), { recursive: true })
  await shell.write(chart)
})
afterAll(() => shell[Symbol.asyncDispose]())

const rows: Row[] = [
  {
    run: 'helm install store shop --wait --timeout 20s',
    prints: /STATUS: deployed\nREVISION: 1\n.*Ask store on port 80\.\n/s,
  },
  { run: 'kubectl get jobs', says: /No resources found/ },
  { run: 'helm list', prints: /\nstore\s+default\s+1\s.*deployed\s+shop-0\.1\.0\s+1\.27/ },
  { run: 'helm install store shop', says: /cannot reuse a name that is still in use/, exit: 1 },
  { run: 'helm upgrade store shop --set replicas=3 --wait --timeout 20s', prints: /has been upgraded.*REVISION: 2\n/s },
  { run: 'kubectl get deploy store --no-headers', prints: /^store +3\/3/ },
  { run: 'kubectl get cm store-page -o jsonpath={.data}', prints: '{"index.html":"revision 2"}' },
  { run: 'helm get values store', prints: 'USER-SUPPLIED VALUES:\nreplicas: 3\n' },
  {
    run: 'helm get manifest store',
    prints: /# Source: shop\/templates\/web\.yaml\napiVersion: apps\/v1\nkind: Deployment/,
  },
  { run: 'helm status store', prints: /==> v1\/Deployment\nNAME +READY.*\nstore +3\/3/ },
  {
    run: 'helm upgrade store shop --set image=nosuch:1 --wait --timeout 2s',
    says: /UPGRADE FAILED: resource Deployment\/default\/store not ready/,
    exit: 1,
  },
  { run: 'helm rollback store 2 --wait --timeout 20s', prints: /Rollback was a success/ },
  {
    run: 'helm history store',
    prints: /1\s.*superseded.*\n2\s.*superseded.*\n3\s.*failed.*\n4\s.*deployed.*Rollback to 2/,
  },
  {
    run: 'helm upgrade --install other shop -n side --create-namespace --wait --timeout 20s',
    prints: /NAMESPACE: side\nSTATUS: deployed/,
  },
  { run: 'helm list -A -q', prints: 'other\nstore\n' },
  {
    run: 'helm install bad shop --set replicas=many',
    says: /\.spec\.replicas: expected numeric \(int or float\), got string/,
    exit: 1,
  },
  { run: 'helm uninstall bad', prints: 'release "bad" uninstalled\n' },
  { run: 'helm uninstall store --wait', prints: 'release "store" uninstalled\n' },
  { run: 'helm uninstall store', says: /release: not found/, exit: 1 },
  { run: 'kubectl get deploy,secret', says: 'No resources found in default namespace.\n' },
]

test.each(titled(rows))('%s', (_title, row) => expectRow(shell, row))
