import {
  defaultTagObjects,
  installComponents,
  istioVersion,
  revisionOf,
  type InstallComponent,
  type InstallSettings,
} from '../../mesh/istiod/index.ts'
import type { Run } from '../command-line/command.ts'
import { CommandError, type Io } from '../command-line/io.ts'
import type { KubeClient } from '../kube/client.ts'
import { withClient } from '../kube/connect.ts'
import { confirmed } from './confirm.ts'
import { ownedObjects, removalName } from './owned.ts'
import { banner, Progress } from './progress.ts'
import { settingsOf } from './settings.ts'
import { waitForObjects } from './wait.ts'

const installer = 'istio-operator'
const defaultReadinessTimeoutMilliseconds = 300_000

export const install: Run = async (invocation) => {
  const { io, flags } = invocation
  io.stderr(banner)
  const settings = settingsOf(invocation, 'generate config: ')
  return withClient(invocation, async (client) => {
    await checkVersion(client)
    const question = `This will install the Istio ${istioVersion} profile "${settings.profile}" into the cluster. Proceed? (y/N) `
    const agreed = flags.boolean('skip-confirmation') || flags.boolean('dry-run') || (await confirmed(io, question))
    if (!agreed) {
      io.stderr('Cancelled.\n')
      return 1
    }
    const timeout = flags.duration('readiness-timeout') ?? defaultReadinessTimeoutMilliseconds
    await installAll(io, client, settings, { timeout, dryRun: flags.boolean('dry-run') })
    return 0
  })
}

async function checkVersion(client: KubeClient): Promise<void> {
  try {
    await client.json('GET', '/version?timeout=15s')
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new CommandError(
      `check minimum supported Kubernetes version: error getting Kubernetes version: ${reason}`,
      1,
      error,
    )
  }
}

interface InstallOptions {
  timeout: number
  dryRun: boolean
}

async function installAll(
  io: Io,
  client: KubeClient,
  settings: InstallSettings,
  options: InstallOptions,
): Promise<void> {
  const progress = new Progress(io)
  const components = installComponents(settings)
  if (!options.dryRun) await ensureNamespace(client, settings.namespace)
  const failures: string[] = []
  // The core, then istiod, then all gateways at once: each needs what came before.
  const gateways = components.filter(({ id }) => id.endsWith('Gateways'))
  const stages = [...components.filter(({ id }) => !id.endsWith('Gateways')).map((one) => [one]), gateways]
  for (const stage of stages.filter(({ length }) => length > 0)) {
    progress.start(stage.map(({ id }) => id))
    const outcomes = await Promise.all(stage.map((component) => installComponent(client, component, progress, options)))
    failures.push(...outcomes.filter((failure) => failure !== undefined))
  }
  if (failures.length > 0) throw new CommandError(`failed to install manifests: ${listed(failures)}`)
  if (!options.dryRun) {
    progress.step('- Pruning removed resources')
    await prune(io, client, settings, components)
    if (components.some(({ id }) => id === 'Pilot')) await makeDefault(client, settings)
  }
  progress.done()
}

/** Resolves to the failure, after telling it. */
async function installComponent(
  client: KubeClient,
  component: InstallComponent,
  progress: Progress,
  { timeout, dryRun }: InstallOptions,
): Promise<string | undefined> {
  try {
    if (!dryRun) {
      await applyAll(client, component)
      await waitForObjects(client, component.objects, timeout, (missing) => progress.waiting(component.id, missing))
    }
    progress.installed(component.id)
    return undefined
  } catch (error) {
    if (error instanceof CommandError) throw error
    const message = error instanceof Error ? error.message : String(error)
    progress.failed(component.id, message)
    return message
  }
}

async function applyAll(client: KubeClient, component: InstallComponent): Promise<void> {
  for (const object of component.objects) {
    try {
      await client.apply(object, installer)
    } catch (error) {
      if (error instanceof CommandError) throw error
      const name = [object.kind, object.metadata.namespace ?? '', object.metadata.name].join('/')
      const reason = error instanceof Error ? error.message : String(error)
      throw new Error(`failed to update resource with server-side apply for obj ${name}: ${reason}`, { cause: error })
    }
  }
}

/** Go's multierror: one alone, several as a list. */
function listed(failures: readonly string[]): string {
  if (failures.length === 1) return failures[0] ?? ''
  return `${failures.length} errors occurred:\n${failures.map((failure) => `\t* ${failure}\n  \n`).join('')}\n`
}

async function ensureNamespace(client: KubeClient, name: string): Promise<void> {
  if ((await client.get('v1', 'Namespace', undefined, name)) !== undefined) return
  const body = JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })
  await client.json('POST', '/api/v1/namespaces', { body })
}

/** Removes what an earlier installation of this revision made and this one does not. */
async function prune(
  io: Io,
  client: KubeClient,
  settings: InstallSettings,
  components: readonly InstallComponent[],
): Promise<void> {
  const labels = [
    `install.operator.istio.io/owning-resource-namespace=${settings.namespace}`,
    `istio.io/rev=${revisionOf(settings)}`,
    'operator.istio.io/component',
    'operator.istio.io/managed=Reconcile',
    `operator.istio.io/version=${istioVersion}`,
  ].join(',')
  const kept = new Set(components.flatMap(({ objects }) => objects.map(removalName)))
  const owned = await ownedObjects(client, labels, { crds: false })
  let removed = false
  for (const object of owned) {
    const stays = object.metadata.labels?.['install.operator.istio.io/owning-resource-not-pruned'] === 'true'
    if (stays || kept.has(removalName(object))) continue
    if (await client.delete(object)) io.stdout(`  Removed ${removalName(object)}.\n`)
    removed = true
  }
  if (removed) io.stdout('\n')
}

/** The unnamed revision becomes the default; a named one only where there is no default yet. */
async function makeDefault(client: KubeClient, settings: InstallSettings): Promise<void> {
  const existing = await client.get(
    'admissionregistration.k8s.io/v1',
    'MutatingWebhookConfiguration',
    undefined,
    'istio-revision-tag-default',
  )
  if (revisionOf(settings) !== 'default' && existing !== undefined) return
  const bundle = await caBundleOf(client, settings)
  for (const object of defaultTagObjects(settings)) {
    const webhooks: { clientConfig: { caBundle?: string } }[] = object['webhooks'] ?? []
    if (bundle !== undefined) for (const webhook of webhooks) webhook.clientConfig.caBundle = bundle
    await client.apply(object, installer)
  }
}

/** The CA that istiod has put into its own injector: a new configuration must not be without it for a moment. */
async function caBundleOf(client: KubeClient, settings: InstallSettings): Promise<string | undefined> {
  const name =
    revisionOf(settings) === 'default' ? 'istio-sidecar-injector' : `istio-sidecar-injector-${settings.revision}`
  const own = await client.get('admissionregistration.k8s.io/v1', 'MutatingWebhookConfiguration', undefined, name)
  return own?.['webhooks']?.[0]?.clientConfig?.caBundle
}
