import { istioRevision, istioVersion } from '../install/index.ts'

type Labels = Readonly<Record<string, string>>

interface Series {
  type: 'counter' | 'gauge'
  help: string
  values: Map<string, number>
}

const families: Readonly<Record<string, [type: 'counter' | 'gauge', help: string]>> = {
  citadel_server_root_cert_expiry_timestamp: ['gauge', 'Unix time in seconds at which the root certificate expires.'],
  galley_validation_config_updates: ['counter', 'Updates of the validation webhook configuration.'],
  galley_validation_failed: ['counter', 'Objects that validation refused.'],
  galley_validation_passed: ['counter', 'Objects that validation let pass.'],
  istio_build: ['gauge', 'Build of the component.'],
  istiod_uptime_seconds: ['gauge', 'Seconds since istiod started.'],
  pilot_destrule_subsets: ['gauge', 'Subsets of one host that several destination rules name.'],
  pilot_duplicate_envoy_clusters: ['gauge', 'Clusters of one name.'],
  pilot_info: ['gauge', 'Version of pilot.'],
  pilot_k8s_cfg_events: ['counter', 'Changes of configuration.'],
  pilot_no_ip: ['gauge', 'Pods without an address.'],
  pilot_services: ['gauge', 'Services that pilot knows.'],
  pilot_virt_services: ['gauge', 'Virtual services that pilot knows.'],
  pilot_vservice_dup_domain: ['gauge', 'Virtual services that name a host twice.'],
  pilot_xds: ['gauge', 'Connected proxies.'],
  sidecar_injection_failure_total: ['counter', 'Injections that failed.'],
  sidecar_injection_requests_total: ['counter', 'Pods that the webhook was asked about.'],
  sidecar_injection_skip_total: ['counter', 'Pods that were left alone.'],
  sidecar_injection_success_total: ['counter', 'Pods that the webhook answered for.'],
}

/** What istiod counts, in the text format of Prometheus. */
export class Metrics {
  readonly #series = new Map<string, Series>()
  readonly #startedAt: number

  /** `startedAt` and the time given to `render` are of one monotonic clock, in milliseconds. */
  constructor(startedAt: number) {
    this.#startedAt = startedAt
    this.set('istio_build', 1, { component: 'pilot', tag: istioVersion })
    this.set('pilot_info', 1, { version: `${istioVersion}-${istioRevision}-Clean` })
    for (const gauge of [
      'pilot_destrule_subsets',
      'pilot_duplicate_envoy_clusters',
      'pilot_no_ip',
      'pilot_vservice_dup_domain',
    ])
      this.set(gauge, 0)
    for (const counter of ['sidecar_injection_requests_total', 'sidecar_injection_success_total']) this.add(counter, 0)
  }

  add(name: string, amount = 1, labels: Labels = {}): void {
    const { values } = this.#family(name)
    const key = labelText(labels)
    values.set(key, (values.get(key) ?? 0) + amount)
  }

  set(name: string, value: number, labels: Labels = {}): void {
    this.#family(name).values.set(labelText(labels), value)
  }

  value(name: string, labels: Labels = {}): number | undefined {
    return this.#series.get(name)?.values.get(labelText(labels))
  }

  render(now: number): string {
    this.set('istiod_uptime_seconds', (now - this.#startedAt) / 1000)
    const lines: string[] = []
    for (const [name, { type, help, values }] of [...this.#series].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
      lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`)
      for (const [labels, value] of values) lines.push(`${name}${labels} ${value}`)
    }
    return `${lines.join('\n')}\n`
  }

  #family(name: string): Series {
    const known = this.#series.get(name)
    if (known !== undefined) return known
    const facts = families[name]
    if (facts === undefined) throw new Error(`istiod has no metric ${name}; add it to the list of families.`)
    const series: Series = { type: facts[0], help: facts[1], values: new Map() }
    this.#series.set(name, series)
    return series
  }
}

function labelText(labels: Labels): string {
  const entries = Object.entries(labels)
  return entries.length === 0 ? '' : `{${entries.map(([key, value]) => `${key}=${JSON.stringify(value)}`).join(',')}}`
}
