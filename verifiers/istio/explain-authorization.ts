import type { CheckContext, Resource } from '../context.ts'

type AuthorizationPolicy = Resource & {
  spec?: { action?: string; rules?: { from?: { source?: { principals?: string[] } }[] }[] }
}

const kind = { apiVersion: 'security.istio.io/v1', plural: 'authorizationpolicies' }

/** The policies that bear on a namespace, as evidence, and one sentence about what stands out: the behaviour has been seen already. */
export async function explainAuthorization({ kubernetes, report }: CheckContext, namespace: string): Promise<string> {
  const all = await kubernetes.list<AuthorizationPolicy>(kind)
  const near = all.filter(({ metadata }) => metadata.namespace === namespace || metadata.namespace === 'istio-system')
  for (const one of near) report({ kind: 'object', object: nameOf(one), seen: describe(one), good: true })
  if (near.length === 0)
    return all.length === 0 ? 'There is no AuthorizationPolicy.' : `There is no AuthorizationPolicy in ${namespace}.`
  const emptyDeny = near.find(({ spec }) => spec?.action === 'DENY' && (spec.rules ?? []).length === 0)
  if (emptyDeny)
    return `${nameOf(emptyDeny)} is a DENY policy without rules, and that denies nothing: deny-all is an ALLOW policy without rules.`
  const principals = near.flatMap(({ spec }) =>
    (spec?.rules ?? []).flatMap(({ from }) => (from ?? []).flatMap(({ source }) => source?.principals ?? [])),
  )
  const scheme = principals.find((principal) => principal.startsWith('spiffe://'))
  if (scheme) return `The principal ${scheme} is written with spiffe://; Istio adds that itself.`
  const open = near.find(
    ({ spec }) => (spec?.action ?? 'ALLOW') === 'ALLOW' && spec?.rules?.some(({ from }) => from === undefined),
  )
  if (open) return `${nameOf(open)} has a rule without \`from\`, which any caller matches.`
  return ''
}

function nameOf({ metadata }: AuthorizationPolicy): string {
  return `AuthorizationPolicy ${metadata.namespace}/${metadata.name}`
}

function describe({ spec }: AuthorizationPolicy): string {
  const rules = spec?.rules?.length ?? 0
  return `${spec?.action ?? 'ALLOW'}, ${rules === 0 ? 'no rules' : rules === 1 ? '1 rule' : `${rules} rules`}`
}
