import type { ProbeRequest } from '../../../protocol/probe.ts'
import { curlConfig, NUMBER } from './curl.ts'

/** At once; more sockets than that wait for their turn. */
const MOST_AT_ONCE = 300
/** Beyond that many different answers, further ones are told apart by their status alone. */
export const MOST_DISTINCT = 100

/**
 * A script for bash in the node: it enters the network of the pod, and nothing else of it. Its programs and files are the node's, so
 * nothing that the learner put into the pod can answer in their place. Names are resolved as in the pod, but for a question that is
 * lost: it is asked again after a second, before a request gives up (two answers on their way back through one translated address
 * make the kernel drop one of them at times).
 *
 * It prints a line for each kind of answer: count, curl's exit code, status, and in base64 curl's message, the body's beginning and the
 * headers; then, when connections failed, what the system says to another one.
 */
export function probeScript(request: ProbeRequest, podUid: string): string {
  const { count = 1, concurrency = 1, intervalMilliseconds = 0, body = '', url } = request
  const { hostname, port, protocol } = new URL(url)
  const host = hostname.replace(/^\[(.*)\]$/, '$1')
  const variables = {
    uid: podUid,
    count: String(count),
    at_once: String(Math.min(concurrency, count, MOST_AT_ONCE)),
    pause: (intervalMilliseconds / 1000).toFixed(3),
    target: `${host}/${port === '' ? (protocol === 'https:' ? '443' : '80') : port}`,
    config: base64(`${curlConfig(request)}\n`),
  }
  const assignments = Object.entries(variables).map(([name, value]) => `${name}=${quoted(value)}`)
  return `${assignments.join('\n')}\n${FIND_POD}\nbase64 -d >payload <<'payload'\n${base64(body)}\npayload\n${RUN}`
}

const FIND_POD = `
set -u
folder=$(mktemp -d /tmp/labwright-probe-XXXXXX) && cd "$folder" || exit 1
trap 'rm -rf "$folder"' EXIT
ctr="ctr --namespace k8s.io"
sandboxes=$($ctr containers list --quiet "labels.\\"io.kubernetes.pod.uid\\"==$uid,labels.\\"io.cri-containerd.kind\\"==sandbox")
pid=$($ctr tasks list | awk -v wanted="$sandboxes" 'BEGIN { split(wanted, list); for (i in list) own[list[i]] } $1 in own && $3 == "RUNNING" { print $2; exit }')
if [ -z "$pid" ]; then echo 'the pod has no network in its node' >&2; exit 3; fi
cat "/proc/$pid/root/etc/resolv.conf" >resolv.conf || exit 3
echo 'options single-request-reopen timeout:1 attempts:5' >>resolv.conf
cat "/var/lib/kubelet/pods/$uid/etc-hosts" >hosts 2>/dev/null || printf '127.0.0.1\\tlocalhost\\n' >hosts
`

const RUN = `
echo "$config" | base64 -d >template
cat >run.sh <<'run'
all() { awk -v n="$count" '{ text = text $0 "\\n" } END { for (i = 1; i <= n; i++) { one = text; gsub(/${NUMBER}/, i, one); printf "%s", one; if (i < n) print "next" } }' template; }
one_after_another() {
  i=$1
  while [ "$i" -le "$count" ]; do
    sed "s/${NUMBER}/$i/" template | curl --config -
    i=$((i + at_once)); [ "$i" -gt "$count" ] || sleep "$pause"
  done
}
if [ "$pause" = 0.000 ]; then
  all >config
  if [ "$at_once" = 1 ]; then curl --config config; else curl --parallel --parallel-immediate --parallel-max "$at_once" --config config; fi >results
else
  for worker in $(seq "$at_once"); do one_after_another "$worker" >"results.$worker" & done; wait
  cat results.* >results
fi
if cut -f 2 results | grep -qx 7; then timeout 3 bash -c "exec 3<>/dev/tcp/$target" 2>&1 | grep -v 'bash: line 1: /dev' >refusal; fi
run
export count at_once pause target
unshare --mount --propagation private bash -c 'mount --bind resolv.conf /etc/resolv.conf && mount --bind hosts /etc/hosts && exec nsenter --net="/proc/$0/ns/net" bash run.sh' "$pid" || exit 4
encoded() { text=$(head -c "$1" "$2" 2>/dev/null | base64 -w 0); echo "\${text:--}"; }
find . -name 'body.*' -exec sha256sum {} + | awk '{ sub(/.*body\\./, "", $2); print $2 "\\t" $1 }' >hashes
awk -F '\\t' 'FILENAME == "hashes" { hash[$1] = $2; next }
  { key = $2 "/" $3; exact = key "/" hash[$1]; if (!(exact in first) && distinct >= ${MOST_DISTINCT}) exact = key
    if (!(exact in first)) { first[exact] = $1; distinct++; exit_code[exact] = $2; status[exact] = $3; message[exact] = $4 }
    number[exact]++ }
  END { for (key in first) print first[key] "\\t" number[key] "\\t" exit_code[key] "\\t" status[key] "\\t" message[key] }' hashes results |
while IFS=$'\\t' read -r first number exit_code status message; do
  echo "$number $exit_code $status $(printf %s "$message" | head -c 500 | base64 -w 0 | sed 's/^$/-/') $(encoded 4096 "body.$first") $(encoded 16384 "head.$first")"
done
if [ -s refusal ]; then echo "refusal $(encoded 500 refusal)"; fi
`

const base64 = (text: string) => Buffer.from(text).toString('base64')
const quoted = (text: string) => `'${text.replaceAll("'", String.raw`'\''`)}'`
