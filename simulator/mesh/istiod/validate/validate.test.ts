import { expect, test } from 'vitest'
import { readFacts } from '../../../../test/support/facts.ts'
import type { NewObject } from '../../../kubernetes/index.ts'
import { validateConfig } from './index.ts'

interface Recorded {
  name: string
  object: NewObject
  layer: string
  message?: string
  warnings: string[]
}

const rows: Recorded[] = readFacts('istio-1.31/admission.json')

/** Rows that need the whole of CEL or of Envoy's own messages to be told apart. */
const notCovered: Record<string, string> = {
  'Telemetry: logging filter bad': 'parse errors of CEL',
  'EnvoyFilter: cluster wrong field': 'fields of Envoy messages',
  'EnvoyFilter: http filter old config': 'fields of Envoy messages',
}

/** Texts that stand for long ones. */
function expanded(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(expanded)
  if (typeof value !== 'object' || value === null) return value
  if ('$repeat' in value && '$count' in value) return String(value.$repeat).repeat(Number(value.$count))
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, expanded(inner)]))
}

for (const row of rows) {
  const skippedByLabel = row.object.metadata.labels?.['istio.io/rev'] === 'other'
  if ((row.layer !== 'webhook' && row.layer !== 'accepted') || notCovered[row.name] !== undefined || skippedByLabel)
    continue
  test(row.name, () => {
    const { message, warnings } = validateConfig(snakeToCamel(expanded(row.object)) as NewObject)
    const recorded = row.layer === 'webhook' ? row.message?.replace(/^.*configuration is invalid: /, '') : undefined
    expect(message).toBe(recorded)
    // A refusal carries no warnings.
    if (message !== undefined) return
    // Unknown fields are warned of by the API server itself.
    expect(warnings).toEqual(row.warnings.filter((warning) => !warning.startsWith('unknown field')))
  })
}

/** One row sends a field in snake case, which the schema prunes and istiod reads. */
function snakeToCamel(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value).replaceAll('"mirror_percent"', '"mirrorPercent"'))
}
