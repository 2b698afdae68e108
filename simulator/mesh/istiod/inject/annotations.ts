import { parse } from 'yaml'
import { isTree, type Tree } from '../install/tree.ts'

/** Why a pod cannot be injected; its text is what the API server passes on. */
export class InjectionError extends Error {
  override readonly name = 'InjectionError'
}

type Check = (value: string) => string | undefined

const parseUint = (value: string): string | undefined =>
  /^\d+$/.test(value) ? undefined : `strconv.ParseUint: parsing "${value}": invalid syntax`

const quantity: Check = (value) =>
  /^[+-]?[0-9.]+[eEinumkKMGTP]*[-+]?[0-9]*$/.test(value)
    ? undefined
    : "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"

const boolean: Check = (value) =>
  /^(1|t|T|true|TRUE|True|0|f|F|false|FALSE|False)$/.test(value)
    ? undefined
    : `strconv.ParseBool: parsing "${value}": invalid syntax`

const ports =
  (field: string, wildcard: boolean): Check =>
  (value) => {
    if (wildcard && value === '*') return undefined
    for (const port of value.split(',').map((part) => part.trim())) {
      if (port === '') continue
      const wrong = parseUint(port)
      if (wrong !== undefined)
        return `${field} invalid: failed parsing port '${port}': failed parsing port '${port}': ${wrong}`
    }
    return undefined
  }

const addressRanges =
  (field: string): Check =>
  (value) => {
    if (value === '*') return undefined
    for (const range of value.split(',').map((part) => part.trim())) {
      if (range === '') continue
      if (!range.includes('/'))
        return `${field} invalid: failed parsing cidr '${range}': netip.ParsePrefix("${range}"): no '/'`
    }
    return undefined
  }

/** The status port is checked as one of the ports to leave alone. */
const statusPort: Check = (value) => {
  const wrong = parseUint(value)
  return wrong === undefined ? undefined : `excludeInboundPorts invalid: failed parsing port '${value}': ${wrong}`
}

const interceptionMode: Check = (value) =>
  ['REDIRECT', 'TPROXY', 'NONE'].includes(value)
    ? undefined
    : `interceptionMode invalid, use REDIRECT,TPROXY,NONE: ${value}`

const proxyConfig: Check = (value) => {
  const config: unknown = parse(value)
  const concurrency = isTree(config) ? config['concurrency'] : undefined
  if (typeof concurrency !== 'string' || /^\d+$/.test(concurrency)) return undefined
  return `failed to convert to apply proxy config: invalid character '${concurrency.slice(0, 1)}' looking for beginning of value`
}

/** Annotations whose values are checked before anything is injected. */
const checks: Readonly<Record<string, Check>> = {
  'proxy.istio.io/config': proxyConfig,
  'sidecar.istio.io/proxyCPU': quantity,
  'sidecar.istio.io/proxyCPULimit': quantity,
  'sidecar.istio.io/proxyMemory': quantity,
  'sidecar.istio.io/proxyMemoryLimit': quantity,
  'sidecar.istio.io/interceptionMode': interceptionMode,
  'prometheus.istio.io/merge-metrics': boolean,
  'status.sidecar.istio.io/port': statusPort,
  'readiness.status.sidecar.istio.io/initialDelaySeconds': parseUint,
  'readiness.status.sidecar.istio.io/periodSeconds': parseUint,
  'readiness.status.sidecar.istio.io/failureThreshold': parseUint,
  'traffic.sidecar.istio.io/includeInboundPorts': ports('includeInboundPorts', true),
  'traffic.sidecar.istio.io/excludeInboundPorts': ports('excludeInboundPorts', false),
  'traffic.sidecar.istio.io/excludeOutboundPorts': ports('excludeOutboundPorts', false),
  'traffic.sidecar.istio.io/includeOutboundIPRanges': addressRanges('includeIPRanges'),
  'traffic.sidecar.istio.io/excludeOutboundIPRanges': addressRanges('excludeIPRanges'),
}

/** Throws `InjectionError` naming every annotation whose value cannot be used. */
export function checkAnnotations(annotations: Readonly<Record<string, string>>): void {
  const wrong = Object.entries(annotations).flatMap(([name, value]) => {
    const problem = checks[name]?.(value)
    return problem === undefined ? [] : [`\t* invalid value '${value}' for annotation '${name}': ${problem}`]
  })
  if (wrong.length === 0) return
  const count = wrong.length === 1 ? '1 error occurred:' : `${wrong.length} errors occurred:`
  throw new InjectionError(`failed to run injection template: ${count}\n${wrong.join('\n')}\n\n`)
}

/** The pod's own proxy configuration (`proxy.istio.io/config`, YAML or JSON). */
export function podProxyConfig(annotations: Readonly<Record<string, string>>): Tree {
  const config: unknown = parse(annotations['proxy.istio.io/config'] ?? '')
  return isTree(config) ? config : {}
}
