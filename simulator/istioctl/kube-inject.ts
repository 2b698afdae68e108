import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { parse, stringify } from 'yaml'
import type { NewObject } from '../kubernetes/index.ts'
import { inject, InjectionError, isTree, type InjectorSettings, type Pod, type Tree } from '../mesh/istiod/index.ts'
import type { Invocation, Run } from './command-line/command.ts'
import { CommandError } from './command-line/io.ts'
import { parseResources } from './files/documents.ts'
import type { KubeClient } from './kube/client.ts'
import { withClient } from './kube/connect.ts'

/** Injects the pods and pod templates of a file; everything else passes as it is. */
export const kubeInject: Run = (invocation) => {
  const { io, flags } = invocation
  const file = flags.text('filename')
  if (file === undefined) throw new CommandError('filename not specified (see --filename or -f)')
  return withClient(invocation, async (client) => {
    const text = file === '-' ? await io.readAll() : read(path.resolve(io.folder, file), file)
    const settings = await injectorSettings(invocation, client)
    const { resources, problems } = parseResources(text, file)
    const [problem] = problems
    if (problem !== undefined) throw new CommandError(`error parsing ${problem.file}: ${problem.message}`)
    const output = resources.map(({ object }) => injected(object, settings, client.connection.namespace)).join('---\n')
    const target = flags.text('output')
    if (target === undefined) io.stdout(output)
    else writeFileSync(path.resolve(io.folder, target), output)
    return 0
  })
}

function read(full: string, shown: string): string {
  try {
    return readFileSync(full, 'utf8')
  } catch (error) {
    throw new CommandError(`open ${shown}: no such file or directory`, 1, error)
  }
}

async function injectorSettings({ io, flags }: Invocation, client: KubeClient): Promise<InjectorSettings> {
  const namespace = flags.text('istioNamespace') ?? 'istio-system'
  const revision = flags.text('revision') ?? ''
  const suffix = revision === '' || revision === 'default' ? '' : `-${revision}`
  const meshName = `${flags.text('meshConfigMapName') ?? 'istio'}${suffix}`
  const fromFile = (flag: string): Tree | undefined => {
    const name = flags.text(flag)
    return name === undefined ? undefined : treeOf(read(path.resolve(io.folder, name), name))
  }
  const mesh = fromFile('meshConfigFile') ?? (await client.get('v1', 'ConfigMap', namespace, meshName))
  if (mesh === undefined) {
    throw new CommandError(
      `could not read valid configmap "${meshName}" from namespace "${namespace}": configmaps "${meshName}" not found - Use --meshConfigFile or re-run kube-inject with \`-i <istioSystemNamespace> and ensure valid MeshConfig exists`,
    )
  }
  // The injector's own settings come from the running istiod; a name that is not there falls back to them.
  const injector = await client.get('v1', 'ConfigMap', namespace, `istio-sidecar-injector${suffix}`)
  return {
    config: fromFile('injectConfigFile') ?? treeOf(injector?.['data']?.config),
    values: fromFile('valuesFile') ?? treeOf(injector?.['data']?.values),
    meshConfig: 'data' in mesh ? treeOf(mesh['data']?.mesh) : mesh,
    revision,
    nativeSidecars: true,
  }
}

function treeOf(text: unknown): Tree {
  const value: unknown = parse(typeof text === 'string' ? text : '')
  return isTree(value) ? value : {}
}

function injected(object: NewObject, settings: InjectorSettings, defaultNamespace: string): string {
  const namespace = object.metadata.namespace ?? defaultNamespace
  const template = templateOf(object)
  if (template === undefined) return stringify(object, { lineWidth: 0 })
  const generated = {
    ...template,
    metadata: { ...template.metadata, ...(object.kind === 'Pod' ? {} : generatedBy(object)) },
  }
  try {
    const after = inject(generated, namespace, settings)
    if (after !== undefined) {
      const { generateName: _, ownerReferences: __, ...metadata } = after.metadata
      template.metadata = object.kind === 'Pod' ? after.metadata : metadata
      template.spec = after.spec
    }
  } catch (error) {
    if (!(error instanceof InjectionError)) throw error
    throw new CommandError(error.message, 1, error)
  }
  return stringify(object, { lineWidth: 0 })
}

/** A workload's pods will be made by it: name them so that the proxy knows its workload. */
function generatedBy(object: NewObject): Pod['metadata'] {
  const owner = { apiVersion: object.apiVersion, kind: object.kind, name: object.metadata.name ?? '', controller: true }
  return { generateName: `${object.metadata.name ?? ''}-`, ownerReferences: [owner] }
}

/** The part of an object that is a pod or a pod's template, shared with the object. */
function templateOf(object: NewObject): Pod | undefined {
  if (object.kind === 'Pod') return object as unknown as Pod
  const spec = object.kind === 'CronJob' ? object['spec']?.jobTemplate?.spec : object['spec']
  const template = spec?.template
  if (template?.spec?.containers === undefined) return undefined
  template.metadata ??= {}
  return template
}
