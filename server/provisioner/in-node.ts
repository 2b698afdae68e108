import { parse } from 'yaml'
import type { ProvisionedCluster } from '../../protocol/provisioner.ts'
import type { Engine } from './engine.ts'
import { lastWords } from './last-words.ts'
import { THAW } from './thaw.ts'

/** What is done inside a node, by scripts on standard input of a shell there. Each is idempotent. */

const PREPARE_MILLISECONDS = 90_000
const SNAPSHOT_MILLISECONDS = 60_000
const INJECTION_MILLISECONDS = 90_000
const RESET_MILLISECONDS = 180_000

/** Names are answered through the service's address: so pods run, and services lead to them. */
const NAMES = `
dns=$(sed -n '/^clusterDNS:/,/^[^-]/s/^- //p' /var/lib/kubelet/config.yaml | head -n 1)
for try in $(seq 200); do
  if timeout 1 bash -c "exec 3<>/dev/tcp/$dns/53" 2>/dev/null; then break; fi
  sleep 0.1
done
`

/**
 * The grader's rights come from its certificate alone (`system:masters`), so that no object in the API can take them away. The learner
 * is an administrator by a binding, and may lose that right like any administrator.
 */
const PREPARE = `
set -eu
export KUBECONFIG=/etc/kubernetes/admin.conf
identity() { kubeadm kubeconfig user --client-name "$1" --org "$2"; echo '---'; }
identity learner labwright:learners
identity labwright:grader system:masters
until kubectl create clusterrolebinding labwright:learners --clusterrole=cluster-admin --group=labwright:learners \\
  --dry-run=client -o yaml | kubectl apply -f - >/dev/null; do sleep 0.2; done
until kubectl -n default get serviceaccount default >/dev/null 2>&1; do sleep 0.1; done
${NAMES}
`

const KEPT = '/var/lib/labwright/start'

/**
 * Keeps the state to which a reset goes back. etcd stands still while its files are copied, so the copy is what a sudden death would
 * have left, which etcd takes up by design. What was kept before stays until the new copy is whole.
 */
const SNAPSHOT = `
set -eu
etcd() { for p in /proc/[0-9]*; do
  if [ "$(cat $p/comm 2>/dev/null)" = etcd ] && tr '\\0' '\\n' <$p/cmdline 2>/dev/null | grep -qx -- --data-dir=/var/lib/etcd; then echo "\${p#/proc/}"; fi
done; }
pid=$(etcd | head -n 1)
if [ -z "$pid" ]; then echo 'etcd does not run in this node' >&2; exit 1; fi
rm -rf ${KEPT}.new; mkdir -p ${KEPT}.new
kill -STOP $pid
trap "kill -CONT $pid" EXIT
cp -a --sparse=always --reflink=auto /var/lib/etcd ${KEPT}.new/etcd
cp -a /etc/kubernetes/manifests ${KEPT}.new/manifests
rm -rf ${KEPT}
mv ${KEPT}.new ${KEPT}
`

/** A cluster that begins with Istio has this file. */
const INJECTS = '/var/lib/labwright/injects'

/** Pods that are made from now on get a proxy: Istio's webhook answers, through its service. */
const INJECTION = `
until kubectl --namespace default run labwright-injection --image=injected --labels=sidecar.istio.io/inject=true \\
  --dry-run=server -o yaml --kubeconfig /etc/kubernetes/admin.conf 2>/dev/null | grep -q 'name: istio-proxy'; do sleep 0.3; done
`

/**
 * As after a sudden death of the machine, but for its system: everything that ran in pods is killed, etcd's files are put back, and
 * containerd and the kubelet begin again, which is a way that both know. It ends when the API answers; the cluster's own pods follow. The groups of the dead are taken away as well: for each that
 * is left the kubelet waits some seconds before it starts anything.
 */
const RESET = `
set -eu
if [ ! -d ${KEPT}/etcd ]; then echo 'the start was not kept in this node' >&2; exit 1; fi
systemctl stop kubelet containerd
systemctl kill --kill-who=all --signal=SIGKILL containerd 2>/dev/null || true
for try in $(seq 100); do
  ${THAW}
  left=$(grep -lE 'kubepods|/kubelet/' /proc/[0-9]*/cgroup 2>/dev/null | cut -d / -f 3)
  if [ -z "$left" ]; then break; fi
  kill -KILL $left 2>/dev/null || true
  sleep 0.05
done
mounts() { cut -d ' ' -f 2 /proc/self/mounts | grep -E '^/(run/containerd|run/netns|var/lib/kubelet/pods)/' | sort -r; }
mounts | xargs -r umount --lazy 2>/dev/null || true
find /sys/fs/cgroup -depth -type d -path '*kubepods*' -exec rmdir {} + 2>/dev/null || true
rm -rf /run/containerd/io.containerd.runtime.v2.task/k8s.io /run/netns/cni-* /run/cni-ipam-state/* /var/lib/cni/networks/* /var/lib/cni/results/*
rm -rf /var/lib/kubelet/pods/* /var/lib/kubelet/checkpoints /var/log/pods/* /var/log/containers/* /var/local-path-provisioner/*
rm -rf /var/lib/etcd /etc/kubernetes/manifests
cp -a --sparse=always --reflink=auto ${KEPT}/etcd /var/lib/etcd
cp -a ${KEPT}/manifests /etc/kubernetes/manifests
systemctl start containerd kubelet
pki=/etc/kubernetes/pki/apiserver-kubelet-client
until curl --silent --fail --insecure --max-time 2 --cert $pki.crt --key $pki.key --output /dev/null https://127.0.0.1:6443/readyz; do sleep 0.1; done
if [ -e ${INJECTS} ]; then ${INJECTION} fi
`

/** Makes the two identities, waits until pods can be made, and gives what clients need. */
export async function prepareCluster(engine: Engine, node: string, kubeconfig: string): Promise<Described> {
  const printed = await run(engine, node, PREPARE, PREPARE_MILLISECONDS)
  const [learner, grader] = printed.split(/^---$/m).map(identityOf)
  if (learner === undefined || grader === undefined) throw new Error('kubeadm made no certificates')
  const { cluster } = (parse(kubeconfig) as Kubeconfig).clusters[0]!
  return {
    server: cluster.server,
    certificateAuthority: decode(cluster['certificate-authority-data']),
    identities: { learner, grader },
  }
}

/** Waits until Istio injects, here and after each reset. */
export async function awaitInjection(engine: Engine, node: string): Promise<void> {
  const script = `set -eu\nmkdir -p "$(dirname ${INJECTS})"\ntouch ${INJECTS}\n${INJECTION}`
  await run(engine, node, script, INJECTION_MILLISECONDS)
}

export async function keepStart(engine: Engine, node: string): Promise<void> {
  await run(engine, node, SNAPSHOT, SNAPSHOT_MILLISECONDS)
}

export async function backToStart(engine: Engine, node: string): Promise<void> {
  await run(engine, node, RESET, RESET_MILLISECONDS)
}

export type Described = Pick<ProvisionedCluster, 'server' | 'certificateAuthority' | 'identities'>

interface Kubeconfig {
  clusters: { cluster: { server: string; 'certificate-authority-data': string } }[]
  users: { user: { 'client-certificate-data': string; 'client-key-data': string } }[]
}

function identityOf(text: string): Described['identities']['learner'] | undefined {
  const user = (parse(text) as Kubeconfig | null)?.users?.[0]?.user
  if (user === undefined) return undefined
  return { certificate: decode(user['client-certificate-data']), key: decode(user['client-key-data']) }
}

const decode = (base64: string) => Buffer.from(base64, 'base64').toString()

async function run(engine: Engine, node: string, script: string, timeoutMilliseconds: number): Promise<string> {
  const { exitCode, output, error } = await engine.exec(node, ['bash', '-s'], { input: script, timeoutMilliseconds })
  if (exitCode === 0) return output
  if (exitCode === 124 || exitCode === 137)
    throw new Error(`a node did not get ready in ${timeoutMilliseconds / 1000} s`)
  throw new Error(lastWords(error) ?? `a script in the node ended with exit code ${exitCode}`)
}
