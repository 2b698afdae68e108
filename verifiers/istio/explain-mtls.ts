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
  const near = all.filter(({ metadata }) => metadata.namespace === namespace || metadata.namespace === 'istio-system')
  for (const one of near) report({ kind: 'object', object: nameOf(one), seen: describe(one), good: false })
  const here = near.filter(({ metadata }) => metadata.namespace === namespace)
  if (all.length === 0) return 'There is no PeerAuthentication in the cluster.'
  const port = near.find(({ spec }) => Object.values(spec?.portLevelMtls ?? {}).some(({ mode }) => mode !== 'STRICT'))
  if (port) return `${nameOf(port)} loosens single ports: ${describe(port)}.`
  const loose = here.find(({ spec }) => spec?.mtls?.mode !== undefined && spec.mtls.mode !== 'STRICT')
  if (loose) return `${nameOf(loose)} says ${loose.spec?.mtls?.mode}.`
  const selected = here.find(({ spec }) => Object.keys(spec?.selector?.matchLabels ?? {}).length > 0)
  if (selected) return `${nameOf(selected)} selects ${describeSelector(selected)}: does any pod carry these labels?`
  const elsewhere = all.filter(
    ({ metadata }) => !near.some((one) => nameOf(one) === `PeerAuthentication ${metadata.namespace}/${metadata.name}`),
  )
  if (near.length === 0) return `There is a ${nameOf(elsewhere[0]!)}, but none for ${namespace}.`
  return `${nameOf(near[0]!)} asks for it, so look at the pods: does each of them have a proxy?`
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
  const parts = [`mode ${one.spec?.mtls?.mode ?? 'not set'}`]
  if (describeSelector(one) !== '') parts.push(`for ${describeSelector(one)}`)
  for (const [port, { mode }] of Object.entries(one.spec?.portLevelMtls ?? {})) parts.push(`port ${port}: ${mode}`)
  return parts.join('; ')
}
