import type { KubeObject } from '../kubernetes/index.ts'

/**
 * Whether a pod's annotations leave connections to this port to the proxy: of `includeInboundPorts` (absent or `*`: all) without
 * `excludeInboundPorts`. Source: tools/istio-iptables, `handleInboundPortsInclude`: exclusions count only where all are included.
 */
export function redirectsInbound(pod: KubeObject, port: number): boolean {
  const annotations = pod.metadata.annotations ?? {}
  const names = (annotation: string): readonly string[] | undefined =>
    annotations[`traffic.sidecar.istio.io/${annotation}`]?.split(',').map((entry) => entry.trim())
  const included = names('includeInboundPorts')
  if (included !== undefined && !included.includes('*')) return included.includes(String(port))
  return names('excludeInboundPorts')?.includes(String(port)) !== true
}
