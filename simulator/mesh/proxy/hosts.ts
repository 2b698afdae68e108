/** Host names as Istio's objects write them. Source: pilot/pkg/model `ResolveShortnameToFQDN`, pkg/config/host. */

/** `reviews` is short for the namespace's own service; a name with a dot is taken as it stands (`reviews.production` names nothing). */
export function qualify(host: string, namespace: string): string {
  if (host === '' || host === '*' || host.includes('.') || host.includes(':')) return host
  return `${host}.${namespace}.svc.cluster.local`
}

/** True when the pattern (`*`, `*.example.com` or a name) covers the host. */
export function covers(pattern: string, host: string): boolean {
  if (pattern === '*') return true
  if (pattern.startsWith('*')) return host.endsWith(pattern.slice(1))
  return pattern === host
}

/** True when one of two patterns covers the other, as a Gateway's and a VirtualService's hosts must. */
export function overlap(a: string, b: string): boolean {
  return covers(a, b) || covers(b, a)
}

/** Exact names before wildcards, longer wildcards before shorter. */
export function specificity(pattern: string): number {
  return pattern.startsWith('*') ? pattern.length : pattern.length + 100_000
}

/** `exportTo`: absent or `*` everywhere, `.` the object's own namespace, `~` nowhere, else a namespace's name. */
export function exportedTo(exportTo: readonly string[] | undefined, own: string, namespace: string): boolean {
  if (exportTo === undefined || exportTo.length === 0) return true
  return exportTo.some((entry) => entry === '*' || entry === namespace || (entry === '.' && own === namespace))
}

/** A request's host without its port; IPv6 in brackets keeps them. */
export function hostOf(authority: string): string {
  const end = authority.lastIndexOf(':')
  if (end === -1 || authority.endsWith(']')) return authority.toLowerCase()
  return authority.slice(0, end).toLowerCase()
}

/** Every name under which a proxy in `namespace` knows a service of the cluster. Source: `generateAltVirtualHosts`. */
export function aliases(hostname: string, namespace: string): string[] {
  const parts = hostname.split('.')
  if (parts.length !== 5 || !hostname.endsWith('.svc.cluster.local')) return [hostname]
  const [service = '', own = ''] = parts
  const names = [hostname, `${service}.${own}.svc`, `${service}.${own}`]
  return own === namespace ? [...names, service] : names
}
