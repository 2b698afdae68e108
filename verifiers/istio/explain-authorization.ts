import type { CheckContext, Resource } from '../context.ts'

interface Rule {
  from?: { source?: { principals?: string[] } }[]
  to?: { operation?: { methods?: string[] } }[]
}
type AuthorizationPolicy = Resource & { spec?: { action?: string; rules?: Rule[] } }

const kind = { apiVersion: 'security.istio.io/v1', plural: 'authorizationpolicies' }

/**
 * The policies that bear on a namespace, as evidence, and one sentence about what stands out, or an empty one. The behaviour has been
 * seen already: `seen` says whether a call was served that should not be, or refused that should be served.
 */
export async function explainAuthorization(
  { kubernetes, report }: CheckContext,
  namespace: string,
  seen: 'served' | 'refused',
): Promise<string> {
  const all = await kubernetes.list<AuthorizationPolicy>(kind)
  const near = all.filter(({ metadata }) => metadata.namespace === namespace || metadata.namespace === 'istio-system')
  for (const one of near) report({ kind: 'object', object: nameOf(one), seen: describe(one), good: true })
  if (near.length === 0)
    return all.length === 0 ? 'There is no AuthorizationPolicy.' : `There is no AuthorizationPolicy in ${namespace}.`
  return (seen === 'served' ? whyServed(near) : whyRefused(near)) ?? ''
}

function whyServed(policies: AuthorizationPolicy[]): string | undefined {
  const emptyDeny = policies.find(({ spec }) => spec?.action === 'DENY' && (spec.rules ?? []).length === 0)
  if (emptyDeny)
    return `${nameOf(emptyDeny)} is a DENY policy without rules, and that denies nothing: deny-all is an ALLOW policy without rules.`
  const open = policies.find((one) => isAllow(one) && one.spec?.rules?.some(({ from }) => from === undefined))
  return open && `${nameOf(open)} has a rule without \`from\`, which any caller matches.`
}

function whyRefused(policies: AuthorizationPolicy[]): string | undefined {
  const deny = policies.find(({ spec }) => spec?.action === 'DENY' && (spec.rules ?? []).length > 0)
  if (deny) return `${nameOf(deny)} is a DENY policy, and what it matches is denied whatever others allow.`
  const rules = policies.filter(isAllow).flatMap(({ spec }) => spec?.rules ?? [])
  const principals = rules.flatMap(({ from }) => (from ?? []).flatMap(({ source }) => source?.principals ?? []))
  const scheme = principals.find((principal) => principal.startsWith('spiffe://'))
  if (scheme) return `The principal ${scheme} is written with spiffe://; Istio adds that itself.`
  const methods = rules.flatMap(({ to }) => (to ?? []).flatMap(({ operation }) => operation?.methods ?? []))
  const small = methods.find((method) => method !== method.toUpperCase())
  return small && `The method ${small} is not ${small.toUpperCase()}: methods are written in capitals, as in a request.`
}

function isAllow({ spec }: AuthorizationPolicy): boolean {
  return (spec?.action ?? 'ALLOW') === 'ALLOW'
}

function nameOf({ metadata }: AuthorizationPolicy): string {
  return `AuthorizationPolicy ${metadata.namespace}/${metadata.name}`
}

function describe({ spec }: AuthorizationPolicy): string {
  const rules = spec?.rules?.length ?? 0
  return `${spec?.action ?? 'ALLOW'}, ${rules === 0 ? 'no rules' : rules === 1 ? '1 rule' : `${rules} rules`}`
}
