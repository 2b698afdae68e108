import { RANGE } from '../addresses.ts'

/** Link-local addresses: where clouds tell a machine its secrets. */
const METADATA = '169.254.0.0/16'

/**
 * Rules beside those of the engine, which keeps networks apart from each other: nobody in a cluster's network begins a connection to this
 * machine itself, or to a metadata address. Answers pass: the server reaches the clusters. Each rule is put once; `DOCKER-USER` is the
 * engine's chain for such rules (docs.docker.com, "Packet filtering and firewalls").
 */
const RULES = `
for tool in iptables-nft iptables-legacy iptables ''; do
  if [ -z "$tool" ]; then echo 'the engine has no chain DOCKER-USER' >&2; exit 1; fi
  if $tool -w 5 -S DOCKER-USER >/dev/null 2>&1; then break; fi
done
put() { $tool -w 5 -C "$@" 2>/dev/null || $tool -w 5 -I "$@"; }
put DOCKER-USER -s ${RANGE} -d ${METADATA} -j REJECT &&
put INPUT -s ${RANGE} -m conntrack --ctstate NEW -j REJECT
`

/** Arguments of `docker` that put the rules up, in a short-lived container that may do nothing else. The node image brings iptables. */
export function firewallArguments(image: string): string[] {
  const rights = ['--cap-drop', 'ALL', '--cap-add', 'NET_ADMIN', '--cap-add', 'NET_RAW']
  const shut = ['--read-only', '--security-opt', 'no-new-privileges', '--tmpfs', '/run']
  return ['run', '--rm', '--network', 'host', ...rights, ...shut, '--entrypoint', 'bash', image, '-c', RULES]
}
