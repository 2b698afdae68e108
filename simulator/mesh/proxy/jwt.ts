import { createPublicKey, verify, type JsonWebKey } from 'node:crypto'
import { header, type HttpRequest } from '../../kubernetes/index.ts'
import type { JwtRule } from './specs.ts'

/** What RequestAuthentication makes of a request: no token, an accepted one, or a refusal with Envoy's sentence. */
export type JwtVerdict =
  | { kind: 'absent' }
  | { kind: 'accepted'; principal: string; claims: Readonly<Record<string, unknown>> }
  | { kind: 'refused'; message: string }

interface Parsed {
  header: { alg?: string; kid?: string }
  claims: Record<string, unknown>
  signed: string
  signature: Buffer
}

const ALGORITHMS: Record<string, { hash: string; ieee: boolean }> = {
  RS256: { hash: 'sha256', ieee: false },
  RS384: { hash: 'sha384', ieee: false },
  RS512: { hash: 'sha512', ieee: false },
  ES256: { hash: 'sha256', ieee: true },
  ES384: { hash: 'sha384', ieee: true },
}

function tokenOf(request: HttpRequest, rules: readonly JwtRule[]): string | undefined {
  const custom = rules.flatMap((rule) => rule.fromHeaders ?? [])
  const query = new URLSearchParams(request.path.split('?', 2)[1] ?? '')
  for (const { name, prefix = '' } of [...custom, { name: 'authorization', prefix: 'Bearer ' }]) {
    const value = header(request.headers, name.toLowerCase())
    if (value?.startsWith(prefix) === true) return value.slice(prefix.length)
  }
  for (const name of [...rules.flatMap((rule) => rule.fromParams ?? []), 'access_token']) {
    const value = query.get(name)
    if (value !== null) return value
  }
  return undefined
}

function parse(token: string): Parsed | undefined {
  const [head = '', payload = '', signature = '', ...more] = token.split('.')
  if (more.length > 0 || payload === '') return undefined
  try {
    const json = (part: string): unknown => JSON.parse(Buffer.from(part, 'base64url').toString())
    return {
      header: json(head) as Parsed['header'],
      claims: json(payload) as Parsed['claims'],
      signed: `${head}.${payload}`,
      signature: Buffer.from(signature, 'base64url'),
    }
  } catch {
    return undefined
  }
}

/** Keys of a jwksUri cannot be fetched in a cluster without a way out; istiod then hands out a key that fits no token. */
function isSigned(token: Parsed, rule: JwtRule): boolean {
  const algorithm = ALGORITHMS[token.header.alg ?? '']
  if (algorithm === undefined || rule.jwks === undefined) return false
  try {
    const { keys = [] } = JSON.parse(rule.jwks) as { keys?: (JsonWebKey & { kid?: string })[] }
    const fitting = keys.filter((key) => token.header.kid === undefined || !key.kid || key.kid === token.header.kid)
    return fitting.some((jwk) => {
      const key = createPublicKey({ key: jwk, format: 'jwk' })
      const options = algorithm.ieee ? { key, dsaEncoding: 'ieee-p1363' as const } : key
      return verify(algorithm.hash, Buffer.from(token.signed), options, token.signature)
    })
  } catch {
    return false
  }
}

/** Sentences as in Envoy's jwt_verify_lib. `now` in milliseconds since 1970. */
export function authenticate(rules: readonly JwtRule[], request: HttpRequest, now: number): JwtVerdict {
  if (rules.length === 0) return { kind: 'absent' }
  const token = tokenOf(request, rules)
  if (token === undefined) return { kind: 'absent' }
  const refused = (message: string): JwtVerdict => ({ kind: 'refused', message })
  const parsed = parse(token)
  if (parsed === undefined)
    return refused('Jwt is not in the form of Header.Payload.Signature with two dots and 3 sections')
  const { claims } = parsed
  const issued = rules.filter((rule) => rule.issuer === claims.iss)
  if (issued.length === 0) return refused('Jwt issuer is not configured')
  if (typeof claims.exp === 'number' && claims.exp * 1000 <= now) return refused('Jwt is expired')
  if (typeof claims.nbf === 'number' && claims.nbf * 1000 > now) return refused('Jwt not yet valid')
  const audiences = [claims.aud].flat().map(String)
  const meant = issued.filter(
    ({ audiences: wanted = [] }) => wanted.length === 0 || wanted.some((one) => audiences.includes(one)),
  )
  if (meant.length === 0) return refused('Audiences in Jwt are not allowed')
  if (!meant.some((rule) => isSigned(parsed, rule))) return refused('Jwt verification fails')
  return { kind: 'accepted', principal: `${String(claims.iss)}/${String(claims.sub)}`, claims }
}
