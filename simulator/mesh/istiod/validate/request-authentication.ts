import type { Findings } from './findings.ts'

interface JwtRule {
  issuer?: string
  jwksUri?: string
  jwks_uri?: string
  jwks?: string
  fromHeaders?: { name?: string }[]
  fromParams?: string[]
  outputClaimToHeaders?: { header?: string; claim?: string }[]
}

export function validateRequestAuthentication(spec: { jwtRules?: JwtRule[] }, findings: Findings): void {
  for (const rule of spec.jwtRules ?? []) {
    if ((rule.issuer ?? '') === '' && (rule.jwksUri ?? rule.jwks_uri ?? '') === '') {
      findings.listed('issuer or jwksUri must be non-empty string')
    }
    if (rule.jwks !== undefined && rule.jwks !== '') checkJwks(findings, rule.jwks)
    for (const parameter of rule.fromParams ?? [])
      if (parameter === '') findings.error('location query must be non-empty string')
  }
}

function checkJwks(findings: Findings, text: string): void {
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch (error) {
    findings.listed(
      `jwks parse error: failed to unmarshal JWK set: ${error instanceof Error ? error.message : String(error)}`,
    )
    return
  }
  const keys: unknown = typeof parsed === 'object' && parsed !== null && 'keys' in parsed ? parsed.keys : undefined
  if (!Array.isArray(keys)) {
    findings.listed(
      'jwks parse error: failed to unmarshal JWK set: failed to parse sole key in key set: invalid key type from JSON ()',
    )
    return
  }
  for (const [index, key] of keys.entries()) {
    const secret = typeof key === 'object' && key !== null && ('d' in key || ('kty' in key && key.kty === 'oct'))
    if (secret)
      findings.warn(
        `jwks key at index ${index} contains private key material; only public keys are used for verification`,
      )
  }
}
