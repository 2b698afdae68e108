import { nameInNode, withTag } from '../images.ts'
import { pipeCommands, reasonOfEngine } from './command.ts'

const LOAD_MILLISECONDS = 5 * 60_000

/**
 * Reads an archive from standard input. The label keeps the kubelet from collecting an image that no pod uses (containerd from 1.6.22
 * and 1.7.3 on tells the kubelet, which leaves pinned images alone).
 */
const LOAD = `
set -euo pipefail
snapshotter=$(sed -n 's/^ *snapshotter *= *"\\(.*\\)"/\\1/p' /etc/containerd/config.toml 2>/dev/null | head -n 1)
ctr --namespace k8s.io images import --snapshotter "\${snapshotter:-overlayfs}" - >/dev/null
printf '%s\\n' "$@" | xargs -P 4 -I NAME ctr --namespace k8s.io images label NAME io.cri-containerd.pinned=pinned >/dev/null
`

/** Copies images of the engine into a node's containerd: one archive, in which each layer is once. */
export async function loadIntoNode(
  node: string,
  {
    images,
    environment,
    signal,
  }: { images: readonly string[]; environment: Record<string, string>; signal: AbortSignal },
): Promise<void> {
  const limit = ['timeout', '--kill-after=2', String(LOAD_MILLISECONDS / 1000)]
  const { exitCode, error } = await pipeCommands(
    ['docker', ['save', ...new Set(images.map(withTag))]],
    ['docker', ['exec', '--interactive', node, ...limit, 'bash', '-c', LOAD, 'load', ...images.map(nameInNode)]],
    { environment, signal, timeoutMilliseconds: LOAD_MILLISECONDS + 5000 },
  )
  if (exitCode !== 0) throw new Error(`images could not be loaded into ${node}: ${reasonOfEngine(error)}`)
}
