import { readFileSync } from 'node:fs'
import path from 'node:path'
import { stringify } from 'yaml'
import type { Invocation, Run } from '../command-line/command.ts'
import { CommandError } from '../command-line/io.ts'
import type { KubeClient } from '../kube/client.ts'
import { namespaceOf, withClient } from '../kube/connect.ts'
import { findPod, requirePod, type PodName } from '../kube/pod-name.ts'
import { getFromPod } from '../kube/port-forward.ts'
import { sections, type ConfigDump } from './dump.ts'
import { clusters, endpoints, listeners, routes, secrets, type DestinationRules, type Table } from './tables.ts'

const parts: Readonly<Record<string, { table: Table; section: string }>> = {
  cluster: { table: clusters, section: 'ClustersConfigDump' },
  listener: { table: listeners, section: 'ListenersConfigDump' },
  route: { table: routes, section: 'RoutesConfigDump' },
  endpoint: { table: endpoints, section: 'EndpointsConfigDump' },
  secret: { table: secrets, section: 'SecretsConfigDump' },
}
const withoutTable: Readonly<Record<string, string>> = { bootstrap: 'BootstrapConfigDump' }

/** All of `proxy-config`: what a proxy has been told, as its admin interface says it. */
export const proxyConfig: Run = async (invocation) => {
  const { io, flags, words, path: called } = invocation
  const kind = called.split(' ').at(-1) ?? ''
  const output = flags.text('output') ?? 'short'
  const file = flags.text('file')
  const [name] = words
  if (name === undefined && file === undefined) throw new CommandError(`${kind} requires pod name or --file parameter`)
  const { dump, rules } =
    file === undefined
      ? await fromPod(invocation, name ?? '')
      : { dump: fromFile(path.resolve(io.folder, file), file), rules: () => undefined }
  if (!['short', 'json', 'yaml'].includes(output)) throw new CommandError(`output format "${output}" not supported`)
  if (kind === 'all') {
    for (const { table } of Object.values(parts)) io.stdout(`${table(dump, flags, rules)}\n`)
    return 0
  }
  const part = parts[kind]
  if (part !== undefined && output === 'short') io.stdout(part.table(dump, flags, rules))
  else {
    const value = sections(dump, part?.section ?? withoutTable[kind] ?? '')
    io.stdout(output === 'yaml' ? stringify(value) : `${JSON.stringify(value, undefined, 4)}\n`)
  }
  return 0
}

function fromFile(full: string, shown: string): ConfigDump {
  try {
    return JSON.parse(readFileSync(full, 'utf8'))
  } catch (error) {
    const missing = error instanceof Error && 'code' in error && error.code === 'ENOENT'
    throw new CommandError(
      missing ? `open ${shown}: no such file or directory` : `${shown} is no config dump: ${String(error)}`,
      1,
      error,
    )
  }
}

function fromPod(invocation: Invocation, text: string): Promise<{ dump: ConfigDump; rules: DestinationRules }> {
  return withClient(invocation, async (client) => {
    const pod = await findPod(client, text, namespaceOf(invocation, client))
    const dump = await readDump(client, pod, invocation.flags.number('proxy-admin-port') ?? 15000)
    return { dump, rules: await destinationRules(client) }
  })
}

/** The whole dump of a pod's proxy. Throws `CommandError` where the pod or its proxy is missing. */
export async function readDump(client: KubeClient, pod: PodName, port = 15000): Promise<ConfigDump> {
  try {
    await requirePod(client, pod)
    const { status, body } = await getFromPod(client, pod, port, '/config_dump?include_eds=true')
    if (status !== 200) throw new CommandError(`the proxy answered ${status} to /config_dump`)
    return JSON.parse(body)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new CommandError(`failed to execute command on ${pod.name}.${pod.namespace} sidecar: ${reason}`, 1, error)
  }
}

async function destinationRules(client: KubeClient): Promise<DestinationRules> {
  const rules = await client.list('networking.istio.io/v1', 'DestinationRule')
  return (host) => {
    const found = rules.find((rule) => {
      const own: string = rule['spec']?.host ?? ''
      const full = own.includes('.') ? own : `${own}.${rule.metadata.namespace ?? ''}.svc.cluster.local`
      return full === host
    })
    return found === undefined ? undefined : `${found.metadata.name}.${found.metadata.namespace ?? ''}`
  }
}
