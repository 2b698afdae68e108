import { existsSync } from 'node:fs'
import path from 'node:path'
import { stringify } from 'yaml'
import type { NewObject } from '../../kubernetes/index.ts'
import type { Invocation, Run } from '../command-line/command.ts'
import { analyzerExitCode, CommandError } from '../command-line/io.ts'
import { filesOf, parseResources, readText } from '../files/documents.ts'
import type { KubeClient } from '../kube/client.ts'
import { namespaceOf, withClient } from '../kube/connect.ts'
import { analyzers } from './analyzers/index.ts'
import { analyzeWorld } from './analyze.ts'
import { asObject, atLeast, levelOf, logLine, type Level } from './message.ts'
import { createWorld, type AnalyzedResource, type World } from './world.ts'

const networking = 'networking.istio.io/v1'
const security = 'security.istio.io/v1'

const watchedKinds: readonly [apiVersion: string, kind: string][] = [
  ['v1', 'Namespace'],
  ['v1', 'Pod'],
  ['v1', 'Service'],
  ['v1', 'Secret'],
  ['apps/v1', 'Deployment'],
  ['admissionregistration.k8s.io/v1', 'MutatingWebhookConfiguration'],
  [networking, 'VirtualService'],
  [networking, 'DestinationRule'],
  [networking, 'Gateway'],
  [networking, 'ServiceEntry'],
  [networking, 'Sidecar'],
  [networking, 'WorkloadEntry'],
  [networking, 'WorkloadGroup'],
  ['networking.istio.io/v1alpha3', 'EnvoyFilter'],
  [security, 'PeerAuthentication'],
  [security, 'AuthorizationPolicy'],
  [security, 'RequestAuthentication'],
  ['telemetry.istio.io/v1', 'Telemetry'],
]

/** With a cluster at hand its own state of these is the truth, whatever files say. */
const clusterKinds: readonly string[] = ['Namespace', 'Pod', 'Service', 'Secret']

export const analyze: Run = async (invocation) => {
  const { io, flags } = invocation
  if (flags.boolean('recursive')) {
    io.stdout('The recursive flag has been removed and is hardcoded to true without explicitly specifying it.\n')
    return 0
  }
  if (flags.boolean('list-analyzers')) {
    for (const { name } of analyzers.toSorted((a, b) => (a.name < b.name ? -1 : 1))) io.stdout(`* ${name}\n`)
    return 0
  }
  const failure = thresholdOf(invocation, 'failure-threshold')
  const shown = thresholdOf(invocation, 'output-threshold')
  const { resources, problems } = await fileResources(invocation)
  for (const rule of flags.list('suppress')) {
    const code = rule.split('=', 1)[0] ?? ''
    if (!/^IST0[01]\d\d$/.test(code)) {
      io.stderr(`Warning: Supplied message code '${code}' is an unknown message code and will not have any effect.\n`)
    }
  }
  const { world, place, namespace } = await worldOf(invocation, resources)
  const messages = analyzeWorld(world, {
    namespace,
    suppress: flags.list('suppress'),
    only: flags.list('analyzer'),
  }).filter(({ level }) => atLeast(level, shown))
  const output = flags.text('output') ?? 'log'
  if (output === 'json') io.stdout(`${JSON.stringify(messages.map(asObject), undefined, '\t')}\n`)
  else if (output === 'yaml') io.stdout(stringify(messages.map(asObject)))
  else io.stdout(messages.length === 0 ? '\n' : messages.map((message) => `${logLine(message)}\n`).join(''))
  if (output !== 'log') return 0
  for (const problem of problems) io.stderr(`${problem}\n`)
  if (messages.some(({ level }) => atLeast(level, failure))) {
    const more =
      'See https://istio.io/v1.31/docs/reference/config/analysis for more information about causes and resolutions.'
    io.stderr(`Error: Analyzers found issues when analyzing ${place}.\n${more}\n`)
    return analyzerExitCode
  }
  const where = invocation.words.length > 0 ? invocation.words.join('\n') : place
  if (messages.length === 0) io.stderr(`✔ No validation issues found when analyzing ${where}.\n`)
  return problems.length > 0 && !flags.boolean('ignore-unknown') ? 65 : 0
}

function thresholdOf({ flags }: Invocation, name: string): Level {
  const text = flags.text(name) ?? 'Info'
  const level = levelOf(text)
  if (level === undefined)
    throw new CommandError(
      `invalid argument "${text}" for "--${name}" flag: "${text}" not a valid option, please choose from: [Info Warning Error]`,
      64,
    )
  return level
}

async function fileResources({
  io,
  words,
}: Invocation): Promise<{ resources: AnalyzedResource[]; problems: string[] }> {
  const resources: AnalyzedResource[] = []
  const problems: string[] = []
  for (const word of words) {
    if (word !== '-' && !existsSync(path.resolve(io.folder, word))) {
      throw new CommandError(`stat ${word}: no such file or directory`)
    }
    for (const name of word === '-' ? ['-'] : filesOf(io.folder, word, true)) {
      const parsed = parseResources(name === '-' ? await io.readAll() : readText(io.folder, name), name)
      resources.push(...parsed.resources)
      problems.push(...parsed.problems.map((problem) => `Error(s) adding files: ${problem.file}: ${problem.message}`))
    }
  }
  return { resources, problems }
}

async function worldOf(
  invocation: Invocation,
  files: readonly AnalyzedResource[],
): Promise<{ world: World; place: string; namespace: string | undefined }> {
  const { flags } = invocation
  const all = flags.boolean('all-namespaces')
  const place = (namespace: string): string => (all ? 'all namespaces' : `namespace: ${namespace}`)
  if (!flags.boolean('use-kube')) {
    const namespace = flags.text('namespace') ?? 'default'
    return {
      world: createWorld(
        [],
        files.map((file) => homed(file, namespace, all)),
        false,
      ),
      place: place(namespace),
      namespace: all ? undefined : namespace,
    }
  }
  return withClient(invocation, async (client) => {
    const namespace = namespaceOf(invocation, client)
    if (!all && (await client.get('v1', 'Namespace', undefined, namespace)) === undefined) {
      throw new CommandError(`namespaces "${namespace}" not found`)
    }
    const objects = await clusterObjects(client)
    const used = files
      .filter(({ object }) => !clusterKinds.includes(object.kind))
      .map((file) => homed(file, namespace, all))
    return { world: createWorld(objects, used, true), place: place(namespace), namespace: all ? undefined : namespace }
  })
}

async function clusterObjects(client: KubeClient): Promise<NewObject[]> {
  const lists = await Promise.all(watchedKinds.map(([apiVersion, kind]) => client.list(apiVersion, kind)))
  return lists.flat()
}

const withoutNamespace: readonly string[] = [
  'Namespace',
  'MutatingWebhookConfiguration',
  'ValidatingWebhookConfiguration',
]

/** A resource of a file that names no namespace belongs to the one that is analyzed. */
function homed(resource: AnalyzedResource, namespace: string, all: boolean): AnalyzedResource {
  const { object } = resource
  if (all || object.metadata.namespace !== undefined || withoutNamespace.includes(object.kind)) return resource
  return { ...resource, object: { ...object, metadata: { ...object.metadata, namespace } } }
}
