import type { NewObject } from '../../../kubernetes/index.ts'
import { celRules } from './crd-rules.ts'
import facts from './crds.facts.json' with { type: 'json' }

type Schema = Record<string, unknown>

interface CrdFacts {
  group: string
  kind: string
  plural: string
  singular: string
  shortNames: string[]
  categories: string[]
  versions: { name: string; storage: boolean; columns: Record<string, unknown>[]; schema: Schema }[]
}

const shared: Schema[] = facts.shared
const crds: CrdFacts[] = facts.crds

/** Istio's own custom resources, without their labels. */
export function customResourceDefinitions(): NewObject[] {
  return crds.map((crd) => ({
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: {
      name: `${crd.plural}.${crd.group}`,
      annotations: { 'helm.sh/resource-policy': 'keep' },
    },
    spec: {
      group: crd.group,
      names: {
        categories: crd.categories,
        kind: crd.kind,
        listKind: `${crd.kind}List`,
        plural: crd.plural,
        ...(crd.shortNames.length > 0 ? { shortNames: crd.shortNames } : {}),
        singular: crd.singular,
      },
      scope: 'Namespaced',
      versions: crd.versions.map((version) => ({
        name: version.name,
        ...(version.columns.length > 0 ? { additionalPrinterColumns: version.columns } : {}),
        schema: { openAPIV3Schema: expand(version.schema, '') },
        served: true,
        storage: version.storage,
        subresources: { status: {} },
      })),
    },
  }))
}

/** The facts' shorthand written out: shared subtrees, rules in words, groups of fields of which at most one may be there. */
function expand(node: unknown, path: string): unknown {
  if (Array.isArray(node)) return node.map((child) => expand(child, path))
  if (!isSchema(node)) return node
  if (typeof node['$shared'] === 'number') return expand(shared[node['$shared']], path)
  const { facts: rules, atMostOneOf, ...rest } = node
  const result: Schema = {}
  for (const [key, value] of Object.entries(rest)) result[key] = expand(value, `${path}.${key}`)
  if (Array.isArray(atMostOneOf)) result['oneOf'] = atMostOne(atMostOneOf)
  if (Array.isArray(rules)) result['x-kubernetes-validations'] = rules.map((sentence: string) => rule(sentence, path))
  return result
}

function isSchema(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null
}

function rule(sentence: string, path: string): { rule: string; message: string } {
  const key =
    sentence === 'value contains no *' && path.includes('.workloadSelector.')
      ? `${sentence} (workloadSelector)`
      : sentence
  const found = celRules[key]
  if (found === undefined)
    throw new Error(`No CEL is written for the rule "${sentence}" at ${path}; add it to crd-rules.ts.`)
  return found
}

/** Structural schemas have no "at most one": none of them, or exactly one. */
function atMostOne(fields: unknown[]): Schema[] {
  const required = fields.map((field) => ({ required: [field] }))
  return [{ not: { anyOf: required } }, ...required]
}
