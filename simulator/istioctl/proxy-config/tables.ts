import { X509Certificate } from 'node:crypto'
import type { ParsedFlags } from '../command-line/flags.ts'
import { table } from '../table.ts'
import {
  clusterParts,
  sections,
  type ConfigDump,
  type EnvoyListener,
  type EnvoyRoute,
  type RouteConfiguration,
} from './dump.ts'

/** A table of one part of a config dump, filtered by the flags. */
export type Table = (dump: ConfigDump, flags: ParsedFlags, rules: DestinationRules) => string

/** Name and namespace of the DestinationRule of a host: `reviews.default`. */
export type DestinationRules = (host: string) => string | undefined

export const clusters: Table = (dump, flags, rules) => {
  const rows = sections(dump, 'ClustersConfigDump')
    .flatMap((section) => [...(section.static_clusters ?? []), ...(section.dynamic_active_clusters ?? [])])
    .map(({ cluster = {} }) => {
      const name = cluster.name ?? ''
      const parts = clusterParts(name)
      const type = cluster.type ?? 'STATIC'
      if (parts === undefined) return [name, '-', '-', '-', type, '']
      const { direction, port, subset, host } = parts
      return [host, port, subset === '' ? '-' : subset, direction, type, rules(host) ?? '']
    })
    .filter(([host, port, subset, direction]) => {
      const fits = (flag: string, value: string | undefined): boolean =>
        !flags.given(flag) || flags.text(flag) === value
      return fits('fqdn', host) && fits('port', port) && fits('subset', subset) && fits('direction', direction)
    })
    .toSorted((a, b) => (a.join('|') < b.join('|') ? -1 : 1))
  return table([['SERVICE FQDN', 'PORT', 'SUBSET', 'DIRECTION', 'TYPE', 'DESTINATION RULE'], ...rows])
}

const portOf = (listener: EnvoyListener): number => listener.address?.socket_address?.port_value ?? 0
const addressOf = (listener: EnvoyListener): string => listener.address?.socket_address?.address ?? ''

export const listeners: Table = (dump, flags) => {
  const all = sections(dump, 'ListenersConfigDump').flatMap((section) => [
    ...(section.dynamic_listeners ?? []).map(({ active_state: state }) => state?.listener ?? {}),
    ...(section.static_listeners ?? []).map(({ listener = {} }) => listener),
  ])
  const rows = all
    .filter(
      (listener) =>
        (!flags.given('port') || portOf(listener) === flags.number('port')) &&
        (!flags.given('address') || addressOf(listener) === flags.text('address')),
    )
    .toSorted((a, b) => portOf(a) - portOf(b))
    .map((listener) => [addressOf(listener), String(portOf(listener)), 'ALL', listenerTarget(portOf(listener))])
  return table([['ADDRESSES', 'PORT', 'MATCH', 'DESTINATION'], ...rows])
}

function listenerTarget(port: number): string {
  if (port === 15001) return 'PassthroughCluster'
  if (port === 15006) return 'InboundPassthroughCluster'
  return `Route: ${port}`
}

/** Port numbers in order; Istio's order of the others is no order. */
const byPort = ({ name: a = '' }: RouteConfiguration, { name: b = '' }: RouteConfiguration): number =>
  (/^\d+$/.test(a) ? Number(a) : Infinity) - (/^\d+$/.test(b) ? Number(b) : Infinity) || 0

export const routes: Table = (dump, flags) => {
  const rows = sections(dump, 'RoutesConfigDump')
    .flatMap((section) => [...(section.dynamic_route_configs ?? []), ...(section.static_route_configs ?? [])])
    .map(({ route_config: config = {} }) => config)
    .filter((config) => !flags.given('name') || config.name === flags.text('name'))
    .toSorted(byPort)
    .flatMap((config) =>
      (config.virtual_hosts ?? []).flatMap((host) =>
        (host.routes ?? []).map((route) => [
          config.name ?? '',
          host.name ?? '',
          domains(host.domains ?? []),
          matchText(route),
          virtualServiceOf(route),
        ]),
      ),
    )
  return table([['NAME', 'VHOST NAME', 'DOMAINS', 'MATCH', 'VIRTUAL SERVICE'], ...rows])
}

/**
 * Two names and how many more there are. Left out are ports, and the forms of a name that says less to a person. Source:
 * istioctl/pkg/writer/envoy/configdump/route.go `describeRouteDomains`.
 */
function domains(names: readonly string[]): string {
  const withoutPort = names.length === 1 ? names : names.filter((name) => !name.includes(':'))
  const long = new Set(withoutPort.flatMap((name) => [`${name}.svc`, `${name}.svc.cluster.local`]))
  const shown = withoutPort.filter((name) => !long.has(name))
  return shown.length <= 2 ? shown.join(', ') : `${shown.slice(0, 2).join(', ')} + ${shown.length - 2} more...`
}

function matchText({ match = {} }: EnvoyRoute): string {
  if (match.path !== undefined) return match.path
  if (match.safe_regex?.regex !== undefined) return `regex ${match.safe_regex.regex}`
  const prefix = match.prefix ?? ''
  return `${prefix === '/' ? '' : prefix}/*`
}

function virtualServiceOf({ metadata, route }: EnvoyRoute): string {
  const config = metadata?.filter_metadata?.istio?.config
  const named = config === undefined ? null : /namespaces\/([^/]+)\/virtual-service\/(.+)$/.exec(config)
  if (named !== null) return `${named[2]}.${named[1]}`
  return route === undefined ? '404' : ''
}

export const endpoints: Table = (dump, flags) => {
  const rows = sections(dump, 'EndpointsConfigDump')
    .flatMap((section) => section.dynamic_endpoint_configs ?? [])
    .flatMap(({ endpoint_config: config = {} }) =>
      (config.endpoints ?? []).flatMap(({ lb_endpoints: list = [] }) =>
        list.map(({ endpoint, health_status: health = 'HEALTHY' }) => {
          const { address = '', port_value: port = 0 } = endpoint?.address?.socket_address ?? {}
          const failed = health !== 'HEALTHY'
          return {
            address,
            port,
            // What a proxy ejected by itself is still healthy to istiod, which alone tells of health here.
            status: 'HEALTHY',
            outlier: failed ? 'FAILED' : 'OK',
            cluster: config.cluster_name ?? '',
          }
        }),
      ),
    )
    .filter(
      (row) =>
        (!flags.given('cluster') || row.cluster === flags.text('cluster')) &&
        (!flags.given('port') || row.port === flags.number('port')) &&
        (!flags.given('address') || row.address === flags.text('address')) &&
        (!flags.given('status') || row.status.toLowerCase() === flags.text('status')?.toLowerCase()),
    )
    .map((row) => [`${row.address}:${row.port}`, row.status, row.outlier, row.cluster])
    .toSorted((a, b) => (a.join('|') < b.join('|') ? -1 : 1))
  return table([['ENDPOINT', 'STATUS', 'OUTLIER CHECK', 'CLUSTER'], ...rows])
}

export const secrets: Table = (dump) => {
  const rows = sections(dump, 'SecretsConfigDump')
    .flatMap((section) => section.dynamic_active_secrets ?? [])
    .map(({ name = '', secret = {} }) => {
      const chain = secret.tls_certificate?.certificate_chain?.inline_bytes
      const ca = secret.validation_context?.trusted_ca?.inline_bytes
      const pem = chain ?? ca
      const type = name === 'ROOTCA' || ca !== undefined ? 'CA' : 'Cert Chain'
      if (pem === undefined) return [name, type, 'ACTIVE', '', '', '', '']
      const certificate = new X509Certificate(Buffer.from(pem, 'base64'))
      const valid = Date.parse(certificate.validTo) > Date.now()
      const day = (text: string): string => `${new Date(text).toISOString().slice(0, 19)}Z`
      return [
        name,
        type,
        'ACTIVE',
        String(valid),
        certificate.serialNumber.toLowerCase(),
        day(certificate.validTo),
        day(certificate.validFrom),
      ]
    })
  return table([['RESOURCE NAME', 'TYPE', 'STATUS', 'VALID CERT', 'SERIAL NUMBER', 'NOT AFTER', 'NOT BEFORE'], ...rows])
}
