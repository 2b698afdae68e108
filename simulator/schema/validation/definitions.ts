/** CustomResourceDefinitions: names, versions, and that their schemas are structural. */
import { forbidden, invalid, notSupported, required, type Cause } from '../causes.ts'
import { sameTree, type Tree } from '../tree.ts'
import type { Structural } from '../custom/structural.ts'
import { valuesOf } from '../custom/structural.ts'
import { dns1035Label } from './names.ts'
import { immutable, oneOf, textObeys } from './rules.ts'

const schemaTypes = ['array', 'boolean', 'integer', 'number', 'object', 'string']

function checkSchema(schema: Structural, path: string, root = false): Cause[] {
  const causes: Cause[] = []
  const open = schema['x-kubernetes-preserve-unknown-fields'] || schema['x-kubernetes-int-or-string']
  if (!schema.type && !open)
    causes.push(required(`${path}.type`, `must not be empty ${root ? 'at the root' : 'for specified object fields'}`))
  else if (schema.type && !schemaTypes.includes(schema.type))
    causes.push(notSupported(`${path}.type`, schema.type, schemaTypes))
  if (schema.type === 'array' && !schema.items) causes.push(required(`${path}.items`, 'must be specified'))
  if (schema.uniqueItems)
    causes.push(
      forbidden(
        `${path}.uniqueItems`,
        'uniqueItems cannot be set to true since the runtime complexity becomes quadratic',
      ),
    )
  if (schema['x-kubernetes-embedded-resource'] && !schema.properties && !schema['x-kubernetes-preserve-unknown-fields'])
    causes.push(
      required(
        `${path}.properties`,
        'must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields',
      ),
    )
  for (const group of ['anyOf', 'oneOf', 'allOf'] as const)
    for (const [i, option] of (schema[group] ?? []).entries())
      if (option.type && !schema['x-kubernetes-int-or-string'])
        causes.push(forbidden(`${path}.${group}[${i}].type`, 'must be empty to be structural'))
  for (const [i, rule] of (schema['x-kubernetes-validations'] ?? []).entries())
    if (!rule.rule.trim()) causes.push(required(`${path}.x-kubernetes-validations[${i}].rule`, 'rule is not specified'))
  const listType = schema['x-kubernetes-list-type']
  if (listType && schema.type !== 'array')
    causes.push(invalid(`${path}.type`, schema.type ?? '', 'must be array if x-kubernetes-list-type is specified'))
  if (listType === 'map') causes.push(...checkListKeys(schema, `${path}.x-kubernetes-list-map-keys`))
  for (const [name, property] of Object.entries(schema.properties ?? {}))
    causes.push(...checkSchema(property, `${path}.properties[${name}]`))
  const values = valuesOf(schema)
  if (values && schema.additionalProperties !== true)
    causes.push(...checkSchema(values, `${path}.additionalProperties`))
  if (schema.items) causes.push(...checkSchema(schema.items, `${path}.items`))
  return causes
}

function checkListKeys(schema: Structural, path: string): Cause[] {
  const keys = schema['x-kubernetes-list-map-keys'] ?? []
  if (keys.length === 0) return [required(path, 'must not be empty if x-kubernetes-list-type is map')]
  const known = schema.items?.properties ?? {}
  return keys.every((key) => key in known) ? [] : [invalid(path, keys, 'entries must all be names of item properties')]
}

const columnTypes = ['boolean', 'date', 'integer', 'number', 'string']

function checkColumns(version: Tree, path: string): Cause[] {
  return (version.additionalPrinterColumns ?? []).flatMap((column: Tree, i: number) => {
    const at = `${path}additionalPrinterColumns[${i}]`
    const causes = column.name ? [] : [required(`${at}.name`)]
    if (!column.type) causes.push(required(`${at}.type`, `must be one of ${columnTypes.join(',')}`))
    else if (!columnTypes.includes(column.type))
      causes.push(invalid(`${at}.type`, column.type, `must be one of ${columnTypes.join(',')}`))
    if (!column.jsonPath) causes.push(required(`${at}.JSONPath`))
    else if (!column.jsonPath.startsWith('.'))
      causes.push(invalid(`${at}.JSONPath`, column.jsonPath, 'must be a simple json path starting with .'))
    return causes
  })
}

/** With one version the API server speaks of its parts as if they stood in the spec itself. */
function checkVersions(versions: Tree[]): Cause[] {
  const single = versions.length === 1
  return versions.flatMap((version, i) => {
    const at = single ? 'spec.' : `spec.versions[${i}].`
    const schema = version.schema?.openAPIV3Schema
    const where = single ? 'spec.validation.openAPIV3Schema' : `${at}schema.openAPIV3Schema`
    const scale = version.subresources?.scale
    const paths = scale && !String(scale.specReplicasPath).startsWith('.')
    return [
      ...(schema ? checkSchema(schema, where, true) : []),
      ...checkColumns(version, at),
      ...(paths
        ? [
            invalid(
              `${at}subresources.scale.specReplicasPath`,
              scale.specReplicasPath,
              'must be a simple json path starting with .',
            ),
          ]
        : []),
    ]
  })
}

const goVersion = (version: Tree): Tree => ({
  Name: version.name,
  Served: version.served ?? false,
  Storage: version.storage ?? false,
  Deprecated: version.deprecated ?? false,
  DeprecationWarning: version.deprecationWarning ?? null,
  Schema: null,
  Subresources: null,
  AdditionalPrinterColumns: null,
  SelectableFields: null,
})

function checkNames(names: Tree): Cause[] {
  const mixed = (text: string, path: string): Cause[] =>
    dns1035Label(text.toLowerCase()).map((sentence) =>
      invalid(path, text, `may have mixed case, but should otherwise match: ${sentence}`),
    )
  return [
    ...(names.plural ? textObeys(names.plural, 'spec.names.plural', dns1035Label) : [required('spec.names.plural')]),
    ...(names.singular ? textObeys(names.singular, 'spec.names.singular', dns1035Label) : []),
    ...(names.kind ? mixed(names.kind, 'spec.names.kind') : [required('spec.names.kind')]),
    ...(names.listKind ? mixed(names.listKind, 'spec.names.listKind') : [required('spec.names.listKind')]),
    ...(names.kind && names.kind === names.listKind
      ? [invalid('spec.names.listKind', names.listKind, 'kind and listKind may not be the same')]
      : []),
  ]
}

export function checkDefinition(crd: Tree, old?: Tree): Cause[] {
  const { spec, metadata } = crd
  const versions: Tree[] = spec.versions ?? []
  const causes: Cause[] = []
  const wanted = `${spec.names?.plural}.${spec.group}`
  if (old === undefined && metadata.name && metadata.name !== wanted)
    causes.push(invalid('metadata.name', metadata.name, 'must be spec.names.plural+"."+spec.group'))
  if (!spec.group) causes.push(required('spec.group'))
  if (!spec.scope) causes.push(required('spec.scope'))
  else causes.push(...oneOf(spec.scope, 'spec.scope', ['Cluster', 'Namespaced']))
  causes.push(...versions.flatMap(({ name }, i) => textObeys(name, `spec.versions[${i}].name`, dns1035Label)))
  if (versions.filter(({ storage }) => storage).length !== 1)
    causes.push(
      invalid('spec.versions', versions.map(goVersion), 'must have exactly one version marked as storage version'),
    )
  for (const { name } of versions.slice(0, 1)) causes.push(...textObeys(name, 'spec.version', dns1035Label))
  causes.push(...checkNames(spec.names ?? {}), ...checkVersions(versions))
  if (spec.preserveUnknownFields)
    causes.push(
      invalid(
        'spec.preserveUnknownFields',
        true,
        'cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead',
      ),
    )
  const strategy = spec.conversion?.strategy
  if (strategy === 'Webhook' && !spec.conversion.webhook?.clientConfig)
    causes.push(required('spec.conversion.webhookClientConfig', 'required when strategy is set to Webhook'))
  if (strategy === 'Webhook' && !spec.conversion.webhook?.conversionReviewVersions?.length)
    causes.push(required('spec.conversion.conversionReviewVersions'))
  if (strategy && !['None', 'Webhook'].includes(strategy))
    causes.push(notSupported('spec.conversion.strategy', strategy, ['None', 'Webhook']))
  if (!crd.status?.storedVersions?.length)
    causes.push(invalid('status.storedVersions', null, 'must have at least one stored version'))
  return causes
}

export function checkDefinitionUpdate(crd: Tree, old: Tree): Cause[] {
  const causes: Cause[] = []
  const stored: string[] = crd.status?.storedVersions ?? []
  const names = new Set((crd.spec.versions ?? []).map(({ name }: Tree) => name))
  for (const [i, name] of stored.entries())
    if (!names.has(name))
      causes.push(
        invalid(
          `status.storedVersions[${i}]`,
          name,
          `missing from spec.versions; ${name} was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in ${name} and removes ${name} from status.storedVersions`,
        ),
      )
  for (const [path, part] of [
    ['spec.group', ['group']],
    ['spec.scope', ['scope']],
    ['spec.names.kind', ['names', 'kind']],
    ['spec.names.plural', ['names', 'plural']],
  ] as const) {
    const read = (object: Tree): Tree => part.reduce((value: Tree, key) => value?.[key], object.spec)
    if (!sameTree(read(crd), read(old))) causes.push(immutable(read(crd), path))
  }
  return causes
}
