import type { Container, HttpGet, Probe } from './pod.ts'

/** What the agent asks for the kubelet: a path on the agent and the probe behind it. */
type AppProbes = Record<string, Record<string, unknown>>

const paths = {
  readinessProbe: 'readyz',
  livenessProbe: 'livez',
  startupProbe: 'startupz',
} as const

/**
 * Kubelet probes come in plaintext and without identity; the agent answers them on its status port and asks the application itself.
 * HTTP, TCP and gRPC probes and HTTP and TCP hooks are rewritten, exec ones are not. Changes the containers in place.
 * Returns what ISTIO_KUBE_APP_PROBERS says.
 */
export function rewriteProbes(containers: readonly Container[], statusPort: number): AppProbes {
  const found: AppProbes = {}
  for (const container of containers) {
    for (const [kind, suffix] of Object.entries(paths)) {
      const probe = container[kind as keyof typeof paths]
      if (probe === undefined || probe.exec !== undefined) continue
      const path = `/app-health/${container.name}/${suffix}`
      if (!asksAgent(probe, statusPort)) found[path] = describe(probe, container, true)
      container[kind as keyof typeof paths] = redirected(probe, path, statusPort)
    }
    if (container.lifecycle === undefined) continue
    const lifecycle = { ...container.lifecycle }
    for (const [hook, suffix] of [
      ['preStop', 'prestopz'],
      ['postStart', 'poststartz'],
    ] as const) {
      const handler = lifecycle[hook]
      if (handler === undefined || (handler.httpGet === undefined && handler.tcpSocket === undefined)) continue
      const path = `/app-lifecycle/${container.name}/${suffix}`
      found[path] = describe(handler, container, false)
      lifecycle[hook] = redirected(handler, path, statusPort)
    }
    container.lifecycle = lifecycle
  }
  return Object.fromEntries(Object.entries(found).toSorted(([a], [b]) => (a < b ? -1 : 1)))
}

function asksAgent(probe: Probe, statusPort: number): boolean {
  return probe.httpGet?.port === statusPort
}

function redirected(probe: Probe, path: string, port: number): Probe {
  const { tcpSocket: _tcp, grpc: _grpc, httpGet, ...rest } = probe
  return {
    ...rest,
    httpGet: {
      path,
      port,
      scheme: 'HTTP',
      ...(httpGet?.httpHeaders === undefined ? {} : { httpHeaders: httpGet.httpHeaders }),
    },
  }
}

function describe(probe: Probe, container: Container, withTimeout: boolean): Record<string, unknown> {
  const { httpGet, tcpSocket, grpc } = probe
  return {
    ...(httpGet === undefined ? {} : { httpGet: resolvedHttp(httpGet, container) }),
    ...(tcpSocket === undefined ? {} : { tcpSocket: { ...tcpSocket, port: portNumber(tcpSocket.port, container) } }),
    ...(grpc === undefined ? {} : { grpc: { port: grpc.port, service: grpc.service ?? '' } }),
    ...(withTimeout ? { timeoutSeconds: probe.timeoutSeconds ?? 1 } : {}),
  }
}

function resolvedHttp(get: HttpGet, container: Container): HttpGet {
  return {
    path: get.path ?? '/',
    port: portNumber(get.port, container),
    ...(get.host === undefined ? {} : { host: get.host }),
    scheme: get.scheme ?? 'HTTP',
    ...(get.httpHeaders === undefined ? {} : { httpHeaders: get.httpHeaders }),
  }
}

function portNumber(port: number | string, container: Container): number | string {
  if (typeof port === 'number') return port
  return container.ports?.find((candidate) => candidate.name === port)?.containerPort ?? port
}
