import { stringify } from 'yaml'
import { installSettings, tagWebhook } from '../mesh/istiod/index.ts'
import type { KubeObject, NewObject } from '../kubernetes/index.ts'
import type { Invocation, Run } from './command-line/command.ts'
import { CommandError } from './command-line/io.ts'
import { confirmed } from './install/confirm.ts'
import type { KubeClient } from './kube/client.ts'
import { withClient } from './kube/connect.ts'

const webhookVersion = 'admissionregistration.k8s.io/v1'
const webhookKind = 'MutatingWebhookConfiguration'

interface Tag {
  tag: string
  revision: string
  namespaces: string[]
}

async function tags(client: KubeClient): Promise<Tag[]> {
  const webhooks = await client.list(webhookVersion, webhookKind, { labels: 'istio.io/tag' })
  const namespaces = await client.list('v1', 'Namespace')
  return webhooks.map(({ metadata }) => {
    const tag = metadata.labels?.['istio.io/tag'] ?? ''
    const uses = ({ metadata: { labels = {} } }: KubeObject): boolean =>
      labels['istio.io/rev'] === tag || (tag === 'default' && labels['istio-injection'] === 'enabled')
    return {
      tag,
      revision: metadata.labels?.['istio.io/rev'] ?? '',
      namespaces: namespaces.filter(uses).map((namespace) => namespace.metadata.name),
    }
  })
}

const list: Run = (invocation) =>
  withClient(invocation, async (client) => {
    const { io, flags } = invocation
    const all = await tags(client)
    if (flags.text('output') === 'json') {
      io.stdout(`${JSON.stringify(all, undefined, '\t')}\n`)
      return 0
    }
    const rows = all.map(({ tag, revision, namespaces }) => [tag, revision, namespaces.join(',')])
    io.stdout(columns([['TAG', 'REVISION', 'NAMESPACES'], ...rows]))
    return 0
  })

/** One space between columns, every cell but the last of the header padded. */
function columns(rows: readonly string[][]): string {
  const width = (column: number): number => Math.max(...rows.map((row) => (row[column] ?? '').length))
  return rows
    .map(([tag = '', revision = '', namespaces = '']) =>
      `${tag.padEnd(width(0))} ${revision.padEnd(width(1))} ${namespaces.padEnd(rows.length > 1 && namespaces === '' ? 1 : 0)}`.replace(
        / {2,}$/,
        '  ',
      ),
    )
    .map((line) => `${line}\n`)
    .join('')
}

/** The webhook of the tag; throws when there is no such revision. */
async function webhookFor(client: KubeClient, { flags }: Invocation, tag: string): Promise<NewObject> {
  const revision = flags.text('revision')
  if (revision === undefined) throw new CommandError('required flag(s) "revision" not set')
  const installed = await client.list(webhookVersion, webhookKind, { labels: `istio.io/rev=${revision},!istio.io/tag` })
  const [own] = installed
  if (own === undefined) {
    throw new CommandError(
      `cannot modify tag: cannot find MutatingWebhookConfiguration or Service with revision "${revision}"`,
    )
  }
  const settings = installSettings({ profile: 'minimal', revision: revision === 'default' ? '' : revision })
  const webhook = tagWebhook(settings, tag)
  const bundle: string | undefined = own['webhooks']?.[0]?.clientConfig?.caBundle
  const hooks: { clientConfig: { caBundle?: string } }[] = webhook['webhooks']
  if (bundle !== undefined) for (const hook of hooks) hook.clientConfig.caBundle = bundle
  return webhook
}

const set: Run = (invocation) => {
  const { io, flags, words } = invocation
  const [tag] = words
  if (tag === undefined) throw new CommandError('must provide a tag for modification')
  if (flags.text('revision') === undefined) throw new CommandError('required flag(s) "revision" not set')
  return withClient(invocation, async (client) => {
    const existing = await client.get(webhookVersion, webhookKind, undefined, `istio-revision-tag-${tag}`)
    if (existing !== undefined && !flags.boolean('overwrite')) {
      throw new CommandError(`revision tag "${tag}" already exists, and --overwrite is false`)
    }
    await client.apply(await webhookFor(client, invocation, tag), 'istioctl')
    const revision = flags.text('revision') ?? ''
    io.stdout(
      `Revision tag "${tag}" created, referencing control plane revision "${revision}". To enable injection using this\nrevision tag, use 'kubectl label namespace <NAMESPACE> istio.io/rev=${tag}'\n`,
    )
    return 0
  })
}

const generate: Run = (invocation) => {
  const [tag] = invocation.words
  if (tag === undefined) throw new CommandError('must provide a tag for modification')
  return withClient(invocation, async (client) => {
    invocation.io.stdout(stringify(await webhookFor(client, invocation, tag)))
    return 0
  })
}

const remove: Run = (invocation) => {
  const { io, flags, words } = invocation
  const [tag] = words
  if (tag === undefined) throw new CommandError('must provide a tag for removal')
  return withClient(invocation, async (client) => {
    const found = (await tags(client)).find((one) => one.tag === tag)
    if (found === undefined)
      throw new CommandError(`cannot remove tag "${tag}": cannot find MutatingWebhookConfiguration for tag "${tag}"`)
    if (found.namespaces.length > 0 && !flags.boolean('skip-confirmation')) {
      const question = `Caution, found ${found.namespaces.length} namespace(s) still injected by tag "${tag}": ${found.namespaces.join(', ')}. Proceed? (y/N) `
      if (!(await confirmed(io, question))) {
        io.stderr('Cancelled.\n')
        return 1
      }
    }
    await client.delete(
      { apiVersion: webhookVersion, kind: webhookKind, metadata: { name: `istio-revision-tag-${tag}` } },
      'Background',
    )
    io.stdout(`Revision tag ${tag} removed\n`)
    return 0
  })
}

export const tagCommands = { list, set, generate, remove }
