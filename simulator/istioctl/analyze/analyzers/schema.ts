import { validateConfig } from '../../../mesh/istiod/validate/index.ts'
import type { AnalyzedResource, Analyzer, Report } from '../world.ts'

const kinds: readonly string[] = [
  'AuthorizationPolicy',
  'DestinationRule',
  'EnvoyFilter',
  'Gateway',
  'PeerAuthentication',
  'ProxyConfig',
  'RequestAuthentication',
  'ServiceEntry',
  'Sidecar',
  'Telemetry',
  'VirtualService',
  'WasmPlugin',
  'WorkloadEntry',
  'WorkloadGroup',
]

/** What istiod would say when the object is applied. */
export const schemaAnalyzers: readonly Analyzer[] = kinds.map((kind) => ({
  name: `schema.ValidationAnalyzer.${kind}`,
  needsCluster: false,
  run(world, report) {
    for (const resource of world.of(kind)) {
      const { errors, warnings } = validateConfig(resource.object)
      for (const error of errors) report('IST0106', 'Error', resource, `Schema validation error: ${error}`)
      for (const warning of warnings) reportWarning(report, resource, warning)
    }
  },
}))

/** Routes that are never reached have codes of their own. */
function reportWarning(report: Report, resource: AnalyzedResource, warning: string): void {
  if (!warning.startsWith('virtualService rule')) {
    report('IST0133', 'Warning', resource, `Schema validation warning: ${warning}`)
    return
  }
  const text = `V${warning.slice(1)}.`
  if (warning.includes(' match ')) report('IST0131', 'Info', resource, text)
  else report('IST0130', 'Warning', resource, text)
}

interface HttpRoute {
  fault?: { delay?: { percent?: number } }
}

const deprecation: Analyzer = {
  name: 'deprecation.DeprecationAnalyzer',
  needsCluster: false,
  run(world, report) {
    for (const resource of world.of('VirtualService')) {
      const routes: HttpRoute[] = resource.object['spec']?.http ?? []
      if (!routes.some((route) => (route.fault?.delay?.percent ?? 0) > 0)) continue
      report(
        'IST0002',
        'Warning',
        resource,
        'Deprecated: HTTPRoute.fault.delay.percent is deprecated; use HTTPRoute.fault.delay.percentage',
      )
    }
  },
}

export const deprecationAnalyzers: readonly Analyzer[] = [deprecation]
