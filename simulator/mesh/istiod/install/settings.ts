import { parse } from 'yaml'
import { at, cloneTree, flagAt, isTree, merge, type Tree, type TreeValue } from './tree.ts'
import { profile, profileNames, unsupportedProfiles } from './profiles.ts'
import { knownValues } from './values.ts'

/** What an installation was asked for, in the words of the command line and of IstioOperator files. */
export interface InstallRequest {
  profile?: string
  /** `path=value` as given to `--set`; the path is one of the IstioOperator's spec. */
  set?: readonly string[]
  /** Specs of IstioOperator files, first to last. */
  files?: readonly Tree[]
  revision?: string
}

/** An IstioOperator's spec, complete. */
export interface InstallSettings {
  profile: string
  hub: string | undefined
  tag: string | undefined
  revision: string
  namespace: string
  meshConfig: Tree
  values: Tree
  components: Record<'base' | 'pilot', Tree> & Record<'ingressGateways' | 'egressGateways', Tree[]>
}

/** Settings that istioctl refuses, with its sentence. */
export class InstallSettingsError extends Error {
  override readonly name = 'InstallSettingsError'
}

const specFields = [
  'profile',
  'hub',
  'tag',
  'revision',
  'namespace',
  'compatibilityVersion',
  'meshConfig',
  'values',
  'components',
  'platform',
]
const componentFields = ['base', 'pilot', 'cni', 'ztunnel', 'istiodRemote', 'ingressGateways', 'egressGateways']

/** Profile, then files, then `--set`, as istioctl merges them. Throws `InstallSettingsError`. */
export function installSettings(request: InstallRequest): InstallSettings {
  const files = (request.files ?? []).reduce<Tree>((all, file) => mergeSpec(all, file), {})
  const sets = (request.set ?? []).reduce<Tree>((all, assignment) => applySet(all, assignment), {})
  const named = request.profile ?? wordOf(sets['profile']) ?? wordOf(files['profile']) ?? 'default'
  const found = profile(named)
  if (found === undefined) {
    throw new InstallSettingsError(
      unsupportedProfiles.includes(named)
        ? `the practice build has no profile "${named}"; it installs ${profileNames.join(', ')}`
        : `merge inputs: profile "${named}" not found: open profiles/${named}.yaml: file does not exist`,
    )
  }
  const spec = [found.over, files, sets].reduce<Tree>((all, layer) => mergeSpec(all, layer), cloneTree(found.base))
  checkFields(spec)
  return {
    profile: named,
    hub: wordOf(spec['hub']),
    tag: wordOf(spec['tag']),
    revision: request.revision ?? wordOf(spec['revision']) ?? wordOf(at(spec, 'values', 'revision')) ?? '',
    namespace: wordOf(spec['namespace']) ?? 'istio-system',
    meshConfig: merge(treeOf(at(spec, 'values', 'meshConfig')), treeOf(spec['meshConfig'])),
    values: treeOf(spec['values']),
    components: {
      base: treeOf(at(spec, 'components', 'base')),
      pilot: treeOf(at(spec, 'components', 'pilot')),
      ingressGateways: listOf(at(spec, 'components', 'ingressGateways')),
      egressGateways: listOf(at(spec, 'components', 'egressGateways')),
    },
  }
}

/** Reads an `IstioOperator` document and returns its spec. */
export function operatorSpec(text: string): Tree {
  const document: unknown = parse(text)
  if (!isTree(document)) return {}
  const spec = treeOf(document['spec'])
  checkFields(spec)
  return spec
}

function mergeSpec(base: Tree, over: Tree): Tree {
  const result = merge(base, over)
  for (const kind of ['ingressGateways', 'egressGateways']) {
    const own = listOf(at(base, 'components', kind))
    const more = listOf(at(over, 'components', kind))
    if (more.length > 0 && isTree(result['components'])) result['components'][kind] = mergeGateways(own, more)
  }
  return result
}

/** Gateways are one list entry a name; `[0]` of --set has no name and means the first. */
function mergeGateways(own: Tree[], more: Tree[]): Tree[] {
  const result = [...own]
  more.forEach((gateway, index) => {
    const place = gateway['name'] === undefined ? index : result.findIndex((other) => other['name'] === gateway['name'])
    const there = result[place]
    if (there === undefined) result.push(gateway)
    else result[place] = merge(there, gateway)
  })
  return result
}

function applySet(spec: Tree, assignment: string): Tree {
  const equals = assignment.indexOf('=')
  if (equals < 0) return spec
  const path = assignment.slice(0, equals).match(/(?:\\.|[^.[\]\\])+|\[\d+\]/g) ?? []
  const value: TreeValue = scalar(assignment.slice(equals + 1))
  const built = path.reduceRight<TreeValue>((inner, key) => {
    const index = /^\[(\d+)\]$/.exec(key)
    if (index === null) return { [key.replaceAll('\\', '')]: inner }
    return [...Array.from({ length: Number(index[1]) }, (): Tree => ({})), inner]
  }, value)
  return isTree(built) ? mergeSpec(spec, built) : spec
}

function scalar(text: string): TreeValue {
  if (text === '') return ''
  if (/^(true|false)$/.test(text)) return text === 'true'
  if (/^-?\d+$/.test(text) && !/^-?0\d/.test(text)) return Number(text)
  if (/^\{.*\}$/.test(text)) return text.slice(1, -1).split(',').map(scalar)
  return text
}

function checkFields(spec: Tree): void {
  const unknown = (field: string): never => {
    throw new InstallSettingsError(`could not unmarshal: json: unknown field "${field}"`)
  }
  for (const field of Object.keys(spec)) if (!specFields.includes(field)) unknown(field)
  const components = treeOf(spec['components'])
  for (const [name, component] of Object.entries(components)) {
    if (!componentFields.includes(name)) unknown(name)
    const enabled = at(component, 'enabled')
    if (isTree(component) && enabled !== undefined && typeof enabled !== 'boolean') {
      const field = `ComponentSpec.spec.components.${name}.enabled`
      throw new InstallSettingsError(
        `could not unmarshal: json: cannot unmarshal ${typeof enabled} into Go struct field ${field} of type bool`,
      )
    }
  }
  for (const name of Object.keys(treeOf(spec['values']))) {
    if (knownValues.includes(name)) continue
    throw new InstallSettingsError(
      `could not unmarshal: error unmarshaling JSON: while decoding JSON: unknown field "${name}" in istio.operator.v1alpha1.Values`,
    )
  }
  for (const name of ['cni', 'ztunnel']) {
    if (flagAt(components, name, 'enabled')) {
      throw new InstallSettingsError(
        `the practice build has no component "${name}"; leave components.${name}.enabled at false`,
      )
    }
  }
}

function wordOf(value: TreeValue): string | undefined {
  return typeof value === 'string' && value !== '' ? value : typeof value === 'number' ? String(value) : undefined
}

function treeOf(value: TreeValue): Tree {
  return isTree(value) ? value : {}
}

function listOf(value: TreeValue): Tree[] {
  return Array.isArray(value) ? value.map(treeOf) : []
}
