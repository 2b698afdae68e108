import { apiVersionOf, type User } from '../../kubernetes/index.ts'
import type { ServedResource } from '../../schema/index.ts'
import type { Attributes, Authorizer, Decision, PolicyRule } from '../authorization/rbac.ts'
import { ISSUER, type AccountTokens } from '../identity/account-tokens.ts'
import type { Kernel } from '../kernel.ts'
import { decodeObject, readBody } from './body.ts'
import type { Call } from './call.ts'
import { respond } from './respond.ts'

interface ResourceAttributes {
  namespace?: string
  verb?: string
  group?: string
  resource?: string
  subresource?: string
  name?: string
}

interface ReviewSpec {
  resourceAttributes?: ResourceAttributes
  nonResourceAttributes?: { path?: string; verb?: string }
  user?: string
  groups?: string[]
  uid?: string
  namespace?: string
  token?: string
  audiences?: string[]
}

export interface Identity {
  authorizer: Authorizer
  accounts: AccountTokens
  tokens: ReadonlyMap<string, User>
}

/** Kinds that are only ever posted, to ask something. */
export const reviewKinds = new Set([
  'SelfSubjectReview',
  'TokenReview',
  'LocalSubjectAccessReview',
  'SelfSubjectAccessReview',
  'SelfSubjectRulesReview',
  'SubjectAccessReview',
])

export async function review(_kernel: Kernel, resource: ServedResource, call: Call, identity: Identity): Promise<void> {
  const { object } = decodeObject(await readBody(call.request), call.request.headers['content-type'], resource.kind)
  const spec = (object['spec'] ?? {}) as ReviewSpec
  const answer = {
    kind: resource.kind,
    apiVersion: apiVersionOf(resource),
    metadata: { ...object.metadata },
    ...(resource.kind !== 'SelfSubjectReview' && { spec }),
    status: statusFor(resource.kind, spec, call, identity),
  }
  await respond(call, { status: 201, body: `${JSON.stringify(answer)}\n` })
}

function statusFor(kind: string, spec: ReviewSpec, call: Call, identity: Identity): unknown {
  switch (kind) {
    case 'SelfSubjectReview':
      return { userInfo: userInfo(call.user) }
    case 'TokenReview':
      return reviewToken(spec, identity)
    case 'SelfSubjectRulesReview':
      return rulesOf(call.user, spec.namespace ?? '', identity.authorizer)
    case 'SelfSubjectAccessReview':
      return decisionStatus(identity.authorizer.decide(attributesOf(spec, call.user)))
    default: {
      const user = {
        name: spec.user ?? '',
        groups: spec.groups ?? [],
        ...(spec.uid !== undefined && { uid: spec.uid }),
      }
      return decisionStatus(identity.authorizer.decide(attributesOf(spec, user)))
    }
  }
}

function decisionStatus({ allowed, reason }: Decision): unknown {
  return { allowed, ...(reason && { reason }) }
}

function userInfo({ name, uid, groups, extra }: User): unknown {
  return { username: name, ...(uid && { uid }), groups, ...(extra && { extra }) }
}

function attributesOf({ resourceAttributes, nonResourceAttributes }: ReviewSpec, user: User): Attributes {
  if (resourceAttributes === undefined)
    return { user, verb: nonResourceAttributes?.verb ?? '', path: nonResourceAttributes?.path ?? '' }
  const { verb = '', group = '', resource = '', subresource, namespace, name } = resourceAttributes
  return { user, verb, resource: { group, plural: resource, subresource, namespace, name } }
}

function reviewToken({ token = '', audiences = [] }: ReviewSpec, { tokens, accounts }: Identity): unknown {
  const wanted = audiences.length > 0 ? audiences : [ISSUER]
  for (const audience of wanted) {
    const user = (audience === ISSUER ? tokens.get(token) : undefined) ?? accounts.user(token, audience)
    if (user) return { authenticated: true, user: userInfo(user), audiences: [audience] }
  }
  return { user: {}, error: 'invalid bearer token' }
}

function rulesOf(user: User, namespace: string, authorizer: Authorizer): unknown {
  const everything: PolicyRule[] = [
    { verbs: ['*'], apiGroups: ['*'], resources: ['*'] },
    { verbs: ['*'], nonResourceURLs: ['*'] },
  ]
  const held = [...authorizer.grants(user, namespace)].map(({ rule }) => rule)
  const rules = user.groups.includes('system:masters') ? [...everything, ...held] : held
  return {
    resourceRules: rules
      .filter((rule) => rule.resources)
      .map(({ verbs, apiGroups, resources, resourceNames }) => ({
        verbs,
        apiGroups,
        resources,
        ...(resourceNames && { resourceNames }),
      })),
    nonResourceRules: rules
      .filter((rule) => rule.nonResourceURLs)
      .map(({ verbs, nonResourceURLs }) => ({ verbs, nonResourceURLs })),
    incomplete: false,
  }
}
