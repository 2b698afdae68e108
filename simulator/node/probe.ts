import type { CallOutcome, Headers, KubeObject } from '../kubernetes/index.ts'
import type { PodNetwork } from '../network/index.ts'
import type { ContainerShell } from '../programs/index.ts'

export type ProbeResult = { ok: true } | { ok: false; message: string }

export interface ProbeTarget {
  sandbox: PodNetwork
  /** For named ports. */
  container: KubeObject['spec']
  shell: ContainerShell
  signal: AbortSignal
}

/** A port number, or the container port of that name. */
export function portOf(container: KubeObject['spec'], port: number | string): number {
  if (typeof port === 'number') return port
  const named = (container.ports ?? []).find(({ name }: { name?: string }) => name === port)
  return named?.containerPort ?? (Number(port) || 0)
}

/** One probe or hook: httpGet, tcpSocket, grpc or exec. Failure texts are the kubelet's. */
export async function probe(
  handler: KubeObject['spec'],
  target: ProbeTarget,
  timeoutSeconds: number,
): Promise<ProbeResult> {
  if (handler.httpGet) return probeHttp(handler.httpGet, target, timeoutSeconds)
  if (handler.tcpSocket) return probeTcp(handler.tcpSocket, target, timeoutSeconds)
  if (handler.grpc) return probeGrpc(handler.grpc, target, timeoutSeconds)
  if (handler.exec) return probeExec(handler.exec.command ?? [], target)
  return { ok: true }
}

async function probeHttp(
  { path = '/', port: wanted, scheme = 'HTTP', host, httpHeaders = [] }: KubeObject['spec'],
  { sandbox, container }: ProbeTarget,
  timeoutSeconds: number,
): Promise<ProbeResult> {
  const port = portOf(container, wanted)
  const given: Headers = httpHeaders.map(({ name, value }: { name: string; value: string }) => [
    name.toLowerCase(),
    value,
  ])
  const headers: Headers = [
    ['user-agent', 'kube-probe/1.34'],
    ['accept', '*/*'],
    ['connection', 'close'],
  ]
  const fullPath = path.startsWith('/') ? path : `/${path}`
  // From the pod's own loopback: what the node sends passes no sidecar on its way.
  const { ip } = sandbox
  const outcome = await sandbox.call(
    {
      method: 'GET',
      scheme: scheme.toLowerCase() === 'https' ? 'https' : 'http',
      authority: given.find(([name]) => name === 'host')?.[1] ?? `${host || ip}:${port}`,
      path: fullPath,
      headers: [
        ...headers.filter(([name]) => !given.some(([other]) => other === name)),
        ...given.filter(([name]) => name !== 'host'),
      ],
      body: '',
    },
    { connectTo: { host: host || '127.0.0.1', port }, timeoutMilliseconds: timeoutSeconds * 1000 },
  )
  if (!outcome.ok) {
    const url = `${scheme.toLowerCase()}://${host || ip}:${port}${fullPath}`
    return { ok: false, message: `Get "${url}": ${goFailure(outcome, `${host || ip}:${port}`)}` }
  }
  const { status } = outcome.response
  return status >= 200 && status < 400
    ? { ok: true }
    : { ok: false, message: `HTTP probe failed with statuscode: ${status}` }
}

function goFailure({ failure }: Extract<CallOutcome, { ok: false }>, address: string): string {
  switch (failure.kind) {
    case 'refused':
      return `dial tcp ${address}: connect: connection refused`
    case 'timeout':
      return 'context deadline exceeded (Client.Timeout exceeded while awaiting headers)'
    case 'unreachable':
      return `dial tcp ${address}: connect: no route to host`
    case 'reset':
      return `read tcp ${address}: read: connection reset by peer`
    case 'empty':
      return 'EOF'
    default:
      return failure.message
  }
}

async function probeTcp(
  { port: wanted, host }: KubeObject['spec'],
  { sandbox, container }: ProbeTarget,
  timeoutSeconds: number,
): Promise<ProbeResult> {
  const port = portOf(container, wanted)
  const { ip } = sandbox
  const failure = await sandbox.dial(host || '127.0.0.1', port, { timeoutMilliseconds: timeoutSeconds * 1000 })
  if (failure === undefined) return { ok: true }
  const address = `${host || ip}:${port}`
  return {
    ok: false,
    message:
      failure.kind === 'timeout'
        ? `dial tcp ${address}: i/o timeout`
        : `dial tcp ${address}: connect: connection refused`,
  }
}

/** Programs here speak HTTP only: a gRPC service counts as serving when its port is open. */
async function probeGrpc(
  { port }: { port: number },
  target: ProbeTarget,
  timeoutSeconds: number,
): Promise<ProbeResult> {
  const open = await probeTcp({ port }, target, timeoutSeconds)
  if (open.ok) return open
  const message = `timeout: failed to connect service "${target.sandbox.ip}:${port}" within ${timeoutSeconds}s: context deadline exceeded`
  return { ok: false, message }
}

async function probeExec(command: readonly string[], { shell, signal }: ProbeTarget): Promise<ProbeResult> {
  const { exitCode, output } = await runToEnd(shell, command, signal)
  return exitCode === 0 ? { ok: true } : { ok: false, message: output }
}

/** Runs a command in the container and gathers what it wrote. */
export async function runToEnd(
  shell: ContainerShell,
  command: readonly string[],
  signal: AbortSignal,
): Promise<{ exitCode: number; output: string }> {
  const chunks: Uint8Array[] = []
  const take = (chunk: Uint8Array): void => void chunks.push(chunk)
  try {
    const { exitCode } = await shell.exec(command, {
      stdin: undefined,
      stdout: take,
      stderr: take,
      tty: false,
      onResize: () => {},
      signal,
    })
    return { exitCode, output: Buffer.concat(chunks).toString() }
  } catch (error) {
    return { exitCode: 126, output: error instanceof Error ? error.message : String(error) }
  }
}
