import { istioRevision, istioVersion } from '../mesh/istiod/install/version.ts'
import type { Invocation, Run } from './command-line/command.ts'
import { CommandError } from './command-line/io.ts'

interface BuildInfo {
  version: string
  revision: string
  golang_version: string
  status: string
  tag: string
}

const build: BuildInfo = {
  version: istioVersion,
  revision: istioRevision,
  golang_version: 'none (practice build)',
  status: 'Clean',
  tag: istioVersion,
}

const practiceNote = 'istioctl is the practice build: a program of its own that stands for istioctl 1.31.0\n'

export const version: Run = async (invocation) => {
  const { io, flags } = invocation
  const output = flags.text('output') ?? ''
  if (!['', 'json', 'yaml'].includes(output)) throw new CommandError("--output must be 'yaml' or 'json'")
  const remote = flags.boolean('remote') ? await remoteVersions(invocation) : undefined
  const short = { clientVersion: build, ...(remote === undefined ? {} : remote) }
  if (output === 'json') io.stdout(`${JSON.stringify(short, undefined, 2)}\n`)
  else if (output === 'yaml') io.stdout((await import('yaml')).stringify(short))
  else printLines(invocation, remote)
  // After the usual lines, which scripts read; with --short and -o not among them.
  if (output === '') (flags.boolean('short') ? io.stderr : io.stdout)(practiceNote)
  return 0
}

interface RemoteVersions {
  meshVersion: { Component: 'pilot'; Info: BuildInfo }[]
  dataPlaneVersion: { ID: string; IstioVersion: string }[]
}

async function remoteVersions(invocation: Invocation): Promise<RemoteVersions | undefined> {
  const istioNamespace = invocation.flags.text('istioNamespace') ?? 'istio-system'
  // Only here: without the question to the cluster nothing of the client is needed.
  const [{ withClient }, { istiodPods }] = await Promise.all([import('./kube/connect.ts'), import('./mesh-state.ts')])
  try {
    return await withClient(invocation, async (client) => {
      const pods = await istiodPods(client, istioNamespace)
      if (pods.length === 0) {
        invocation.io.stderr(
          `Istio is not present in the cluster: no running Istio pods in namespace "${istioNamespace}"\n`,
        )
        return undefined
      }
      const proxies = (await client.list('v1', 'Pod')).filter(isProxy)
      return {
        meshVersion: pods.map((pod) => ({
          Component: 'pilot' as const,
          Info: { ...build, version: tagOf(pod['spec'].containers[0].image) },
        })),
        dataPlaneVersion: proxies.map((pod) => ({
          ID: `${pod.metadata.name}.${pod.metadata.namespace ?? ''}`,
          IstioVersion: tagOf(proxyImage(pod) ?? ''),
        })),
      }
    })
  } catch (error) {
    if (!(error instanceof CommandError)) throw error
    invocation.io.stderr(`Istio is not present in the cluster: ${error.message}\n`)
    return undefined
  }
}

interface PodLike {
  spec?: { containers?: { name: string; image: string }[]; initContainers?: { name: string; image: string }[] }
  status?: { phase?: string }
  metadata: { deletionTimestamp?: string }
}

function proxyImage(pod: PodLike): string | undefined {
  const all = [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])]
  return all.find((container) => container.name === 'istio-proxy')?.image
}

function isProxy(pod: PodLike): boolean {
  return (
    proxyImage(pod) !== undefined && pod.status?.phase === 'Running' && pod.metadata.deletionTimestamp === undefined
  )
}

function tagOf(image: string): string {
  return /:([^:/]+?)(?:-distroless|-debug)?$/.exec(image)?.[1] ?? istioVersion
}

function printLines({ io }: Invocation, remote: RemoteVersions | undefined): void {
  io.stdout(`client version: ${istioVersion}\n`)
  if (remote === undefined) return
  const control = [...new Set(remote.meshVersion.map(({ Info }) => Info.version))]
  io.stdout(`control plane version: ${control.join(', ')}\n`)
  const counts = new Map<string, number>()
  for (const { IstioVersion } of remote.dataPlaneVersion) counts.set(IstioVersion, (counts.get(IstioVersion) ?? 0) + 1)
  const data = [...counts].map(([version, count]) => `${version} (${count} ${count === 1 ? 'proxy' : 'proxies'})`)
  io.stdout(`data plane version: ${data.length === 0 ? 'none' : data.join(', ')}\n`)
}
