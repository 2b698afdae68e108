import { timestamp, type HttpRequest, type HttpResponse } from '../kubernetes/index.ts'
import type { HttpHandler, Image, Program, ProgramContext } from './program.ts'
import type { ProxyAdmin } from './proxy-admin.ts'
import { answerAppProbe } from './proxy-probes.ts'
import { pathOf, queryOf, text } from './responses.ts'
import { told } from './server.ts'

/** Envoy's admin interface, the agent, readiness, and metrics. Source: istio.io, Ports used by Istio. */
const ADMIN_PORT = 15_000
const AGENT_PORT = 15_020
const HEALTH_PORT = 15_021
const METRICS_PORT = 15_090

const PROMETHEUS: [string, string][] = [['content-type', 'text/plain; version=0.0.4; charset=utf-8']]

function plain(status: number, body: string): HttpResponse {
  return { status, headers: [['content-type', 'text/plain; charset=UTF-8']], body }
}

function jsonText(value: unknown): HttpResponse {
  return { status: 200, headers: [['content-type', 'application/json']], body: `${JSON.stringify(value, null, 1)}\n` }
}

/** `/stats?filter=REGEX` keeps the lines that the expression is found in. */
function filtered(lines: string, query: URLSearchParams): string {
  const filter = query.get('filter')
  if (filter === null) return lines
  try {
    const expression = new RegExp(filter)
    return lines
      .split('\n')
      .filter((line) => line !== '' && expression.test(line.split(':', 1)[0] ?? ''))
      .map((line) => `${line}\n`)
      .join('')
  } catch {
    return 'Invalid re2 regex\n'
  }
}

function adminAnswer(admin: ProxyAdmin, { pod }: ProgramContext, request: HttpRequest): HttpResponse {
  const query = queryOf(request.path)
  switch (pathOf(request.path)) {
    case '/ready':
      return plain(200, 'LIVE\n')
    case '/stats':
      return plain(200, filtered(admin.stats(pod), query))
    case '/stats/prometheus':
      return { status: 200, headers: PROMETHEUS, body: admin.prometheus(pod) }
    case '/clusters':
      return plain(200, admin.clusters(pod))
    case '/certs':
      return jsonText(admin.certificates(pod))
    case '/config_dump':
      return jsonText(admin.configDump(pod, { endpoints: query.has('include_eds') }))
    default:
      return plain(404, 'This proxy answers /ready, /stats, /stats/prometheus, /clusters, /certs and /config_dump.\n')
  }
}

/** The `proxy` command: a sidecar or a gateway (`router`), until it is told to end. Requests pass through the mesh, not through here. */
function proxy(admin: ProxyAdmin): Program {
  return async (context) => {
    const { pod, args, log, clock, signal } = context
    const { namespace = 'default', name } = pod.metadata
    const role = args.includes('router') ? 'router' : 'sidecar'
    const info = (line: string): void => log(`${timestamp(clock)}\tinfo\t${line}`)
    info(
      `Proxy role: ips=[${context.env.INSTANCE_IP ?? ''}] type=${role} id=${name}.${namespace} domain=${namespace}.svc.cluster.local`,
    )
    let configured = false
    const health: HttpHandler = () => {
      // Ready once configured, and it stays so when the control plane goes away.
      if (!configured && admin.isConfigured()) {
        configured = true
        info('Envoy proxy is ready')
      }
      return configured ? text(200, '') : plain(503, 'config not received from XDS server\n')
    }
    const metrics: HttpHandler = (request, meta) =>
      pathOf(request.path) === '/stats/prometheus'
        ? { status: 200, headers: PROMETHEUS, body: admin.prometheus(pod) }
        : health(request, meta)
    const agent: HttpHandler = (request, meta) => {
      const path = pathOf(request.path)
      // The preStop hook asks for a drain; requests under way are seen to their end by the mesh.
      if (path === '/drain' && request.method === 'POST') return text(200, '')
      return path.startsWith('/app-health/') ? answerAppProbe(context, path) : metrics(request, meta)
    }
    const open = [
      context.listen(ADMIN_PORT, (request) => adminAnswer(admin, context, request)),
      context.listen(AGENT_PORT, agent),
      context.listen(HEALTH_PORT, health),
      context.listen(METRICS_PORT, metrics),
      admin.onAccessLog(pod, log),
    ]
    await told(signal)
    for (const one of open) one[Symbol.dispose]()
    info('Agent draining Proxy')
    return 0
  }
}

/** `istio-iptables` (the istio-init container): the network redirects traffic by itself, so there is nothing to do. */
const initialize: Program = async ({ log, clock }) => {
  log(`${timestamp(clock)}\tinfo\tRunning iptables-restore with the following input: redirect 15001, 15006`)
  return 0
}

/** The image istio/proxyv2. */
export function proxyImage(admin: ProxyAdmin): Image {
  const run = proxy(admin)
  return {
    program: (context) => {
      const words = [...context.command, ...context.args]
      return words.includes('istio-iptables') ? initialize(context) : run(context)
    },
    // A sidecar under no load takes some 2-5 millicores and 40-50 MiB. Source: istio.io, Performance and Scalability.
    usage: { idleMilliCpu: 4, milliCpuPerRequestPerSecond: 0.35, memoryBytes: 46 * 1024 * 1024 },
    commands: ['pilot-agent'],
    userId: 1337,
  }
}
