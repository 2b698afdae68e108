import type { HttpResponse } from '../kubernetes/index.ts'
import type { ProgramContext } from './program.ts'
import { text } from './responses.ts'

interface Prober {
  httpGet?: {
    path?: string
    port?: number
    scheme?: string
    host?: string
    httpHeaders?: { name: string; value: string }[]
  }
  tcpSocket?: { port?: number }
  grpc?: { port?: number }
  timeoutSeconds?: number
}

/** The probes that injection moved here, by path: `/app-health/web/readyz`. Source: pkg/kube/inject `KubeAppProberEnvName`. */
function probersOf(env: Readonly<Record<string, string>>): Record<string, Prober> {
  try {
    return JSON.parse(env.ISTIO_KUBE_APP_PROBERS ?? '{}') as Record<string, Prober>
  } catch {
    return {}
  }
}

/**
 * Answers a probe of the kubelet by asking the program on its own port, past the proxy. Any status passes through;
 * a connection that fails is a 500. Source: pilot/cmd/pilot-agent/status/server.go `handleAppProbe`.
 */
export async function answerAppProbe(context: ProgramContext, path: string): Promise<HttpResponse> {
  const prober = probersOf(context.env)[path]
  if (prober === undefined) return text(404, '')
  const { httpGet } = prober
  const port = httpGet?.port ?? prober.tcpSocket?.port ?? prober.grpc?.port ?? 0
  const given = (httpGet?.httpHeaders ?? []).map(({ name, value }): [string, string] => [name.toLowerCase(), value])
  const outcome = await context.call(
    {
      method: 'GET',
      scheme: httpGet?.scheme?.toLowerCase() === 'https' ? 'https' : 'http',
      authority: given.find(([name]) => name === 'host')?.[1] ?? `localhost:${port}`,
      path: httpGet?.path ?? '/',
      headers: [['user-agent', 'kube-probe/1.34'], ...given.filter(([name]) => name !== 'host')],
      body: '',
    },
    {
      timeoutMilliseconds: (prober.timeoutSeconds ?? 1) * 1000,
      connectTo: { host: httpGet?.host || '127.0.0.1', port },
    },
  )
  // For TCP and gRPC an open port is enough: programs here answer HTTP or hang up.
  const open = outcome.ok || outcome.failure.kind === 'empty'
  if (httpGet === undefined) return text(open ? 200 : 500, '')
  return outcome.ok ? outcome.response : text(500, '')
}
