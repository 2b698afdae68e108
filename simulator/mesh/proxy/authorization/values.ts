import { BlockList, isIPv6 } from 'node:net'
import { regexMatcher, type Matcher } from '../string-match.ts'

/** `*` anything that is there, `*abc` suffix, `abc*` prefix, else exact. Source: pilot/pkg/security/authz/matcher `StringMatcher`. */
export function valueMatcher(value: string): Matcher {
  if (value === '*') return (given) => given !== ''
  if (value.startsWith('*')) return (given) => given.endsWith(value.slice(1))
  if (value.endsWith('*')) return (given) => given.startsWith(value.slice(0, -1))
  return (given) => given === value
}

/** Hosts do not mind case; a port in the request's Host is part of the value. Source: matcher `HostMatcher`. */
export function hostMatcher(value: string): Matcher {
  const matcher = valueMatcher(value.toLowerCase())
  return (given) => matcher(given.toLowerCase())
}

const escape = (text: string): string => text.replaceAll(/[.+?^$()[\]{}|\\]/g, String.raw`\$&`)

/** Paths know two templates besides: `{*}` is one segment, `{**}` any number of them. Source: matcher `PathMatcher`. */
export function pathMatcher(value: string): Matcher {
  if (!value.includes('{*}') && !value.includes('{**}')) return valueMatcher(value)
  const parts = value
    .split(/(\{\*\*?\})/)
    .map((part) => (part === '{*}' ? '[^/]+' : part === '{**}' ? '.*' : escape(part)))
  return regexMatcher(parts.join(''))
}

// Matched in the principal: `.*/ns/<value>/.*` with `*` in the value standing for anything.
export function namespaceMatcher(value: string): Matcher {
  return regexMatcher(`.*/ns/${escape(value).replaceAll('*', '.*')}/.*`)
}

/** `sa` of the policy's own namespace or `ns/sa`, exact. */
export function serviceAccountMatcher(value: string, policyNamespace: string): Matcher {
  const [namespace, account] = value.includes('/') ? value.split('/', 2) : [policyNamespace, value]
  return (principal) => principal.endsWith(`/ns/${namespace}/sa/${account}`)
}

/** An address or a CIDR range; what is neither matches nothing. */
export function ipMatcher(value: string): Matcher {
  const [address = '', prefix] = value.split('/', 2)
  const family = isIPv6(address) ? 'ipv6' : 'ipv4'
  const list = new BlockList()
  try {
    if (prefix === undefined) list.addAddress(address, family)
    else list.addSubnet(address, Number(prefix), family)
  } catch {
    return () => false
  }
  return (given) => given !== '' && list.check(given, isIPv6(given) ? 'ipv6' : 'ipv4')
}

export const exactMatcher =
  (value: string): Matcher =>
  (given) =>
    given === value
