import type { IncomingHttpHeaders } from 'node:http'
import { forbidden, type User } from '../../kubernetes/index.ts'
import type { Authorizer } from '../authorization/rbac.ts'

/** Thrown when impersonation headers make no sense: the API server answers those in plain text. */
export class ImpersonationError extends Error {}

const list = (value: string | string[] | undefined): string[] =>
  value === undefined ? [] : ([] as string[]).concat(value).flatMap((text) => text.split(','))

/** Who the request claims to be, when the caller may act as them; the caller otherwise. */
export function impersonate(user: User, headers: IncomingHttpHeaders, path: string, authorizer: Authorizer): User {
  const name = headers['impersonate-user']
  const groups = list(headers['impersonate-group']).map((group) => group.trim())
  const uid = headers['impersonate-uid']
  const extras = Object.entries(headers).filter(([header]) => header.startsWith('impersonate-extra-'))
  if (typeof name !== 'string' || name === '') {
    const wanted = [
      ...groups.map((group) => `{Group  ${group}    }`),
      ...(typeof uid === 'string' ? [`{UID  ${uid}  authentication.k8s.io/v1  }`] : []),
      ...extras.map(
        ([header, value]) =>
          `{UserExtra  ${String(value)}  authentication.k8s.io/v1  ${header.slice('impersonate-extra-'.length)}}`,
      ),
    ]
    if (wanted.length === 0) return user
    throw new ImpersonationError(
      `Internal Server Error: "${path}": requested [${wanted.join(' ')}] without impersonating a user\n`,
    )
  }
  allow(user, 'users', name, authorizer)
  for (const group of groups) allow(user, 'groups', group, authorizer)
  return {
    name,
    ...(typeof uid === 'string' && { uid }),
    groups: groupsOf(name, groups),
    ...(extras.length > 0 && {
      extra: Object.fromEntries(
        extras.map(([header, value]) => [decodeURIComponent(header.slice('impersonate-extra-'.length)), list(value)]),
      ),
    }),
  }
}

function groupsOf(name: string, groups: readonly string[]): string[] {
  if (name === 'system:anonymous') return [...groups, 'system:unauthenticated']
  const [, , namespace] = name.startsWith('system:serviceaccount:') ? name.split(':') : []
  const own =
    namespace && groups.length === 0 ? ['system:serviceaccounts', `system:serviceaccounts:${namespace}`] : groups
  return own.includes('system:authenticated') ? [...own] : [...own, 'system:authenticated']
}

function allow(user: User, kind: 'users' | 'groups', name: string, authorizer: Authorizer): void {
  const resource = { group: '', plural: kind, name }
  const account = kind === 'users' && name.startsWith('system:serviceaccount:') ? name.split(':') : undefined
  const asked = account ? { group: '', plural: 'serviceaccounts', namespace: account[2], name: account[3] } : resource
  const { allowed, reason } = authorizer.decide({ user, verb: 'impersonate', resource: asked })
  if (allowed) return
  const where = account ? `in the namespace "${account[2]}"` : 'at the cluster scope'
  throw forbidden(
    { group: '', plural: asked.plural },
    asked.name ?? '',
    `User "${user.name}" cannot impersonate resource "${asked.plural}" in API group "" ${where}${reason && `: ${reason}`}`,
  )
}
