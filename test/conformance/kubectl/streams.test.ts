import { afterAll, beforeAll, expect, test } from 'vitest'
import { openShell, type Shell } from '../../support/shell.ts'
import { expectRow, titled, type Row } from '../table.ts'

/** What goes through a pod: logs, commands, files, ports, terminals. */

let shell: Shell

beforeAll(async () => {
  shell = await openShell()
  await shell.write({ 'up.txt': 'from outside\n' })
  const started = await shell.run(`
    kubectl create deployment web --image=nginx &&
    kubectl expose deployment web --port=80 &&
    kubectl run box --image=busybox -- sh -c 'echo first; echo second; sleep 1000' &&
    kubectl run crash --image=busybox -- sh -c 'echo about to fail; exit 3' &&
    kubectl wait --for=condition=Ready pod/box pod -l app=web --timeout=10s || kubectl wait --for=condition=Ready pod/box --timeout=10s
    kubectl rollout status deploy/web --timeout=10s
    kubectl wait pod/crash --for=jsonpath={.status.containerStatuses[0].restartCount}=1 --timeout=10s`)
  expect(started.exit, started.stderr).toBe(0)
})
afterAll(() => shell[Symbol.asyncDispose]())

/** In a terminal, as `kubectl exec -it` wants one. */
const inTerminal = (command: string): string => `script -qec "stty rows 24 cols 80; ${command}" /dev/null`

const rows: Row[] = [
  { run: 'kubectl logs box', prints: 'first\nsecond\n' },
  { run: 'kubectl logs box --tail=1', prints: 'second\n' },
  { run: 'kubectl logs box -c box --timestamps --tail=1', prints: /^20\S+Z second\n$/ },
  { run: 'kubectl logs -l app=web --tail=1 --prefix', prints: /^\[pod\/web-\S+\/nginx\] / },
  { run: 'kubectl logs deploy/web', prints: /start worker processes/ },
  { run: 'timeout 3 kubectl logs -f box', prints: 'first\nsecond\n', exit: 124 },
  { run: 'kubectl logs crash --previous', prints: 'about to fail\n' },
  { run: 'kubectl logs box --previous', says: /previous terminated container "box" in pod "box" not found/, exit: 1 },
  { run: 'kubectl exec box -- hostname', prints: 'box\n' },
  { run: "kubectl exec box -- sh -c 'echo out; echo err >&2; exit 7'", prints: 'out\n', says: /^err\n/, exit: 7 },
  { run: 'kubectl exec -i box -- cat', stdin: 'through\n', prints: 'through\n' },
  { run: 'kubectl exec deploy/web -- cat /etc/hostname', prints: /^web-\S+\n$/ },
  { run: 'kubectl exec box -- nosuch', says: /exec: "nosuch": executable file not found in \$PATH/, exit: 1 },
  { run: inTerminal('kubectl exec -it box -- echo in a terminal'), prints: /in a terminal\r\n/ },
  {
    run: `(sleep 1; printf 'echo $((20+22))\\r'; sleep 1; printf 'exit 4\\r') | ${inTerminal('kubectl exec -it box -- sh')}`,
    prints: /\r\n42\r\n/,
    exit: 4,
  },
  { run: 'kubectl cp up.txt box:/tmp/up.txt' },
  { run: 'kubectl exec box -- cat /tmp/up.txt', prints: 'from outside\n' },
  { run: 'kubectl cp box:/tmp/up.txt down.txt && cat down.txt', prints: /from outside\n$/ },
  { run: 'kubectl cp box:/nope x', prints: 'tar: nope: Cannot stat: No such file or directory\n', exit: 2 },
  {
    run: `kubectl port-forward deploy/web 0:80 > forward.txt & until grep -q Forwarding forward.txt; do sleep 0.1; done
      curl -s http://127.0.0.1:$(sed -n '1s/.*127.0.0.1:\\([0-9]*\\).*/\\1/p' forward.txt)/ | grep -c Welcome; kill %1; wait`,
    prints: '2\n',
  },
  {
    run: 'kubectl run one --rm -i --image=busybox --restart=Never -- cat',
    stdin: 'piped in\n',
    prints: /^piped in\npod "one" deleted/,
  },
  {
    run: inTerminal('kubectl run two --rm -it --image=busybox --restart=Never -- echo done'),
    prints: /done\r\n.*pod "two" deleted/s,
  },
  {
    run: 'kubectl run three --rm -i --image=busybox --restart=Never -- sh -c "exit 5"',
    says: /terminated \(Error\)/,
    exit: 5,
  },
  {
    run: "kubectl run ask --rm -i --image=curlimages/curl --restart=Never -- curl -s -o /dev/null -w '%{http_code}' http://web",
    prints: /^200/,
  },
  {
    run: 'kubectl debug box -i --image=busybox --target=box --profile=general -c looker -- hostname',
    prints: /^Targeting container "box".*\nbox\n$/,
    says: /^(?!.*couldn't attach)/s,
  },
  { run: 'kubectl logs box -c looker', prints: 'box\n' },
  { run: 'timeout 2 kubectl attach box', exit: 124 },
  { run: 'kubectl top pod box --containers', prints: /box +box +\d+m +\d+Mi/ },
  {
    run: 'kubectl events --for pod/crash --types=Warning',
    prints: /BackOff +Pod\/crash +Back-off restarting failed container/,
  },
]

test.each(titled(rows))('%s', (_title, row) => expectRow(shell, row))
