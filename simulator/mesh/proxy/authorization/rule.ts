import { header } from '../../../kubernetes/index.ts'
import type { AuthorizationRule, Operation, Source } from '../specs.ts'
import type { Matcher } from '../string-match.ts'
import type { Subject } from './subject.ts'
import {
  exactMatcher,
  hostMatcher,
  ipMatcher,
  namespaceMatcher,
  pathMatcher,
  serviceAccountMatcher,
  valueMatcher,
} from './values.ts'

export type Condition = (subject: Subject) => boolean

/** A condition that can be put to a TCP connection, or only to an HTTP request. */
interface Term {
  holds: Condition
  httpOnly: boolean
}

type Read = (subject: Subject) => string | readonly string[]

/** A rule in both of its forms: for HTTP ports, and for TCP ports (undefined: the rule does not exist there). */
export interface CompiledRule {
  http: Condition
  tcp: Condition | undefined
}

function positive(values: readonly string[], read: Read, matcherOf: (value: string) => Matcher): Condition {
  const matchers = values.map(matcherOf)
  return (subject) => {
    const given = read(subject)
    if (typeof given === 'string') return matchers.some((matches) => matches(given))
    return given.some((one) => matchers.some((matches) => matches(one)))
  }
}

/** Values OR; `not` values negate the OR. An empty list says nothing. */
function terms(
  values: readonly string[] | undefined,
  notValues: readonly string[] | undefined,
  read: Read,
  matcherOf: (value: string) => Matcher,
  httpOnly = false,
): Term[] {
  const result: Term[] = []
  if (values !== undefined && values.length > 0) result.push({ holds: positive(values, read, matcherOf), httpOnly })
  if (notValues !== undefined && notValues.length > 0) {
    const matches = positive(notValues, read, matcherOf)
    result.push({ holds: (subject) => !matches(subject), httpOnly })
  }
  return result
}

const principal: Read = (subject) => subject.principal ?? ''
const requestPrincipal: Read = (subject) => subject.jwt?.principal ?? ''
const port: Read = (subject) => String(subject.destinationPort)

function sourceTerms(source: Source, namespace: string): Term[] {
  const account = (value: string): Matcher => serviceAccountMatcher(value, namespace)
  return [
    ...terms(source.principals, source.notPrincipals, principal, valueMatcher),
    ...terms(source.requestPrincipals, source.notRequestPrincipals, requestPrincipal, valueMatcher, true),
    ...terms(source.namespaces, source.notNamespaces, principal, namespaceMatcher),
    ...terms(source.serviceAccounts, source.notServiceAccounts, principal, account),
    ...terms(source.ipBlocks, source.notIpBlocks, (subject) => subject.sourceIp, ipMatcher),
    ...terms(source.remoteIpBlocks, source.notRemoteIpBlocks, (subject) => subject.remoteIp, ipMatcher),
  ]
}

function operationTerms(operation: Operation): Term[] {
  return [
    ...terms(operation.hosts, operation.notHosts, (subject) => subject.http?.authority ?? '', hostMatcher, true),
    ...terms(operation.ports, operation.notPorts, port, exactMatcher),
    ...terms(operation.methods, operation.notMethods, (subject) => subject.http?.method ?? '', valueMatcher, true),
    ...terms(operation.paths, operation.notPaths, (subject) => subject.http?.path ?? '', pathMatcher, true),
  ]
}

/** A claim by its path `[a][b]`; lists are matched item by item. */
function claim(key: string): Read {
  const path = [...key.matchAll(/\[([^\]]+)\]/g)].map((match) => match[1] ?? '')
  return (subject) => {
    let value: unknown = subject.jwt?.claims
    for (const step of path) value = (value as Record<string, unknown> | undefined)?.[step]
    if (Array.isArray(value)) return value.map(String)
    return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? String(value) : ''
  }
}

function whenTerms(key: string, values?: readonly string[], notValues?: readonly string[], namespace = ''): Term[] {
  const named = /^([^[]+)(?:\[(.*)\])?$/.exec(key)
  const account = (value: string): Matcher => serviceAccountMatcher(value, namespace)
  switch (named?.[1]) {
    case 'request.headers': {
      const name = (named[2] ?? '').toLowerCase()
      return terms(values, notValues, (subject) => header(subject.http?.headers ?? [], name) ?? '', valueMatcher, true)
    }
    case 'source.ip':
      return terms(values, notValues, (subject) => subject.sourceIp, ipMatcher)
    case 'remote.ip':
      return terms(values, notValues, (subject) => subject.remoteIp, ipMatcher)
    case 'source.namespace':
      return terms(values, notValues, principal, namespaceMatcher)
    case 'source.principal':
      return terms(values, notValues, principal, valueMatcher)
    case 'source.serviceAccount':
      return terms(values, notValues, principal, account)
    case 'request.auth.principal':
      return terms(values, notValues, requestPrincipal, valueMatcher, true)
    case 'request.auth.audiences':
      return terms(values, notValues, claim('[aud]'), valueMatcher, true)
    case 'request.auth.presenter':
      return terms(values, notValues, claim('[azp]'), valueMatcher, true)
    case 'request.auth.claims':
      return terms(values, notValues, claim(key), valueMatcher, true)
    case 'destination.ip':
      return terms(values, notValues, (subject) => subject.destinationIp, ipMatcher)
    case 'destination.port':
      return terms(values, notValues, port, exactMatcher)
    case 'connection.sni':
      return terms(values, notValues, (subject) => subject.serverName ?? '', valueMatcher)
    default:
      return [{ holds: () => false, httpOnly: true }]
  }
}

const all =
  (list: readonly Term[]): Condition =>
  (subject) =>
    list.every((term) => term.holds(subject))

const any =
  (list: readonly Condition[]): Condition =>
  (subject) =>
    list.some((holds) => holds(subject))

/**
 * (any `from`) and (any `to`) and (all `when`). On a TCP port a field of HTTP makes an ALLOW rule vanish, while a DENY
 * rule only loses that field and so denies more. Source: authz/model/model.go `Generate`, `checkError`.
 */
export function compileRule(rule: AuthorizationRule, namespace: string, deny: boolean): CompiledRule {
  const when = (rule.when ?? []).flatMap(({ key, values, notValues }) => whenTerms(key, values, notValues, namespace))
  const groups = [
    (rule.from ?? []).map(({ source }) => sourceTerms(source ?? {}, namespace)),
    (rule.to ?? []).map(({ operation }) => operationTerms(operation ?? {})),
    when.length > 0 ? [when] : [],
  ].filter((group) => group.length > 0)
  const http = groups.map((group) => any(group.map(all)))
  const httpOnly = groups.flat(2).some((term) => term.httpOnly)
  const tcp = groups.map((group) => any(group.map((list) => all(list.filter((term) => !term.httpOnly)))))
  return {
    http: (subject) => http.every((holds) => holds(subject)),
    tcp: httpOnly && !deny ? undefined : (subject) => tcp.every((holds) => holds(subject)),
  }
}
