import type { Findings } from './findings.ts'

interface Telemetry {
  tracing?: { providers?: unknown[]; customTags?: Record<string, unknown> }[]
  accessLogging?: { filter?: { expression?: string } }[]
}

export function validateTelemetry(spec: Telemetry, findings: Findings): void {
  if ((spec.tracing ?? []).length > 1) findings.warn('multiple tracing is not currently supported')
  for (const tracing of spec.tracing ?? []) {
    if ((tracing.providers ?? []).length > 1) findings.warn('multiple providers is not currently supported')
    if (Object.keys(tracing.customTags ?? {}).includes('')) findings.error('tag name may not be empty')
  }
}
