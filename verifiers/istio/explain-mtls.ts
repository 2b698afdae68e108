import type { CheckContext, Resource } from '../context.ts'

type PeerAuthentication = Resource & {
  spec?: {
    selector?: { matchLabels?: Record<string, string> }
    mtls?: { mode?: string }
    portLevelMtls?: Record<string, { mode?: string }>
  }
}

const kind = { apiVersion: 'security.istio.io/v1', plural: 'peerauthentications' }

/**
 * Why plaintext is still served, read from the configuration after the behaviour has been seen: the PeerAuthentications that bear on a
 * namespace, or those that look meant for it and have no effect there. Reports them as evidence; one sentence, or an empty one.
 */
export async function explainPlaintext({ kubernetes, report }: CheckContext, namespace: string): Promise<string> {
  const all = await kubernetes.list<PeerAuthentication>(kind)
  if (all.length === 0) return 'There is no PeerAuthentication in the cluster.'
  const near = all.filter(({ metadata }) => metadata.namespace === namespace || metadata.namespace === 'istio-system')
  if (near.length === 0) return `There is a ${nameOf(all[0]!)}, but none for ${namespace}.`
  for (const one of near) report({ kind: 'object', object: nameOf(one), seen: describe(one), good: isStrict(one) })
  const port = near.find((one) => ports(one).some(([, { mode }]) => mode !== 'STRICT'))
  if (port) return `${nameOf(port)} loosens single ports: ${describe(port)}.`
  // Nearer beats wider: what the namespace says counts before what the mesh says.
  const here = near.filter(({ metadata }) => metadata.namespace === namespace)
  const loose = here.find(isLoose)
  if (loose) return `${nameOf(loose)} says ${modeOf(loose)}.`
  const broad = [...here, ...near].find((one) => isStrict(one) && describeSelector(one) === '')
  if (broad) return `${nameOf(broad)} asks for it, so look at the pods: does each of them have a proxy?`
  const selected = here.find(isStrict)
  if (selected) return `${nameOf(selected)} selects ${describeSelector(selected)}: does any pod carry these labels?`
  const wide = near.find(isLoose)
  if (wide) return `${nameOf(wide)} says ${modeOf(wide)}, and nothing nearer says otherwise.`
  return `${nameOf(near[0]!)} sets no mode, so it changes nothing.`
}

function modeOf({ spec }: PeerAuthentication): string | undefined {
  return spec?.mtls?.mode
}

function isStrict(one: PeerAuthentication): boolean {
  return modeOf(one) === 'STRICT'
}

function isLoose(one: PeerAuthentication): boolean {
  return modeOf(one) === 'PERMISSIVE' || modeOf(one) === 'DISABLE'
}

function ports({ spec }: PeerAuthentication): [string, { mode?: string }][] {
  return Object.entries(spec?.portLevelMtls ?? {})
}

function nameOf({ metadata }: PeerAuthentication): string {
  return `PeerAuthentication ${metadata.namespace}/${metadata.name}`
}

function describeSelector({ spec }: PeerAuthentication): string {
  return Object.entries(spec?.selector?.matchLabels ?? {})
    .map(([key, value]) => `${key}=${value}`)
    .join(', ')
}

function describe(one: PeerAuthentication): string {
  const parts = [`mode ${modeOf(one) ?? 'not set'}`]
  if (describeSelector(one) !== '') parts.push(`for ${describeSelector(one)}`)
  for (const [port, { mode }] of ports(one)) parts.push(`port ${port}: ${mode}`)
  return parts.join('; ')
}
