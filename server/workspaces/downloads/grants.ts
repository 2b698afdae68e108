import { timingSafeEqual } from 'node:crypto'

/** What one session may download: the mirrors of its lab, under a secret of its own. */
export interface Grant {
  secret: string
  mirrors: { url: string; mirror: string }[]
}

/** The mirrors of the session that the `Proxy-Authorization` header proves, or undefined. */
export function grantOf(header: string | undefined, grants: ReadonlyMap<string, Grant>): Grant | undefined {
  const encoded = /^basic\s+(\S+)$/i.exec(header ?? '')?.[1]
  if (encoded === undefined) return undefined
  const [session = '', secret = ''] = Buffer.from(encoded, 'base64').toString().split(':')
  const grant = grants.get(session)
  if (grant === undefined) return undefined
  const [given, wanted] = [Buffer.from(secret), Buffer.from(grant.secret)]
  return given.length === wanted.length && timingSafeEqual(given, wanted) ? grant : undefined
}

/** `https://istio.io/downloadIstio` covers itself and what lies below or behind it; `*` stands for any characters. */
export function covers(pattern: string, url: string): boolean {
  const source = pattern
    .split('*')
    .map((part) => part.replaceAll(/[.+?^${}()|[\]\\]/g, String.raw`\$&`))
    .join('.*')
  return new RegExp(`^${source}($|[/?#]|(?<=/).*)`).test(url)
}

/** True when something of that host is mirrored, so that its TLS must end here. */
export function mirrorsHost(grant: Grant, host: string): boolean {
  return grant.mirrors.some(({ url }) => hostOf(url) === host)
}

function hostOf(pattern: string): string | undefined {
  return /^https?:\/\/([^/:*]+)/.exec(pattern)?.[1]?.toLowerCase()
}
