import { ApiError, badRequest, type KubeObject, type Status } from '../../kubernetes/index.ts'
import type { ServedResource } from '../../schema/index.ts'
import type { Call, Server } from '../http/call.ts'
import { statusOf } from '../http/respond.ts'
import { existing } from '../http/write.ts'
import { containerOf } from '../subresources/container.ts'
import { connectProcess, type Wanted } from './process-streams.ts'
import { upgrade } from './upgrade.ts'

const webSocket = ['v5.channel.k8s.io', 'v4.channel.k8s.io']
const spdy = ['v5', 'v4', 'v3', 'v2'].map((version) => `${version}.channel.k8s.io`)

const flag = (query: URLSearchParams, name: string): boolean =>
  query.has(name) && !['false', '0'].includes(query.get(name) ?? '')

function wantedOf({ query }: Call): Wanted {
  const wanted = {
    stdin: flag(query, 'stdin'),
    stdout: flag(query, 'stdout'),
    stderr: flag(query, 'stderr'),
    tty: flag(query, 'tty'),
  }
  if (!wanted.stdin && !wanted.stdout && !wanted.stderr)
    throw badRequest('you must specify at least 1 of stdin, stdout, stderr')
  return wanted
}

export function targetPod(
  { kernel, kubelet }: Server,
  resource: ServedResource,
  call: Call,
): { pod: KubeObject; kubelet: NonNullable<Server['kubelet']> } {
  const pod = existing(kernel, resource, call)
  if (!pod['spec']?.nodeName) throw badRequest(`pod ${pod.metadata.name} does not have a host assigned`)
  if (kubelet === undefined) throw new ApiError(500, '', 'no preferred addresses found; known addresses: []')
  return { pod, kubelet }
}

async function run(
  call: Call,
  start: (streams: Parameters<NonNullable<Server['kubelet']>['attach']>[1]) => Promise<{ exitCode: number }>,
): Promise<void> {
  const wanted = wantedOf(call)
  const connected = await connectProcess(await upgrade(call, { webSocket, spdy }), wanted)
  try {
    const { exitCode } = await start(connected.streams)
    connected.finish(exitStatus(exitCode))
  } catch (error) {
    connected.finish(statusOf(error))
  }
}

function exitStatus(exitCode: number): Partial<Status> {
  if (exitCode === 0) return { status: 'Success' }
  return {
    status: 'Failure',
    message: `command terminated with non-zero exit code: error executing command, exit code ${exitCode}`,
    reason: 'NonZeroExitCode',
    details: { causes: [{ reason: 'ExitCode', message: String(exitCode) }] },
  }
}

export async function execSession(server: Server, resource: ServedResource, call: Call): Promise<void> {
  const { pod, kubelet } = targetPod(server, resource, call)
  const command = call.query.getAll('command')
  if (command.length === 0) throw badRequest('you must specify a command')
  const target = {
    namespace: pod.metadata.namespace ?? '',
    pod: pod.metadata.name,
    container: containerOf(pod, call.query.get('container') ?? undefined),
  }
  await run(call, (streams) => kubelet.exec(target, command, streams))
}

export async function attachSession(server: Server, resource: ServedResource, call: Call): Promise<void> {
  const { pod, kubelet } = targetPod(server, resource, call)
  const target = {
    namespace: pod.metadata.namespace ?? '',
    pod: pod.metadata.name,
    container: containerOf(pod, call.query.get('container') ?? undefined),
  }
  await run(call, (streams) => kubelet.attach(target, streams))
}
