import { createPrivateKey, createPublicKey, sign, verify, type KeyObject } from 'node:crypto'
import { ApiError, type KubeObject, type User } from '../../kubernetes/index.ts'
import type { PodTokenRequest } from '../../node/index.ts'
import type { Kernel } from '../kernel.ts'

export const ISSUER = 'https://kubernetes.default.svc.cluster.local'
/** Enough for every pod of a large cluster; verifying is only done again when a token falls out. */
const VERIFIED_TOKENS = 2000

interface Claims {
  aud: string[]
  exp: number
  iat: number
  iss: string
  jti: string
  'kubernetes.io': {
    namespace: string
    serviceaccount: { name: string; uid: string }
    pod?: { name: string; uid: string }
  }
  nbf: number
  sub: string
}

export interface TokenRequest {
  audiences: readonly string[]
  expirationSeconds: number
  pod?: { name: string; uid: string }
}

/** A pod's token is asked for with this lifetime, and lasts a year: programs of old never read it again (serviceaccount `pkg/serviceaccount`). */
const POD_SECONDS = 3607
const EXTENDED_SECONDS = 365 * 24 * 3600

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')

/** Tokens of service accounts: signed here, and believed while account, pod and time allow. */
export class AccountTokens {
  readonly #kernel: Kernel
  readonly #privateKey: KeyObject
  readonly #publicKey: KeyObject
  readonly #verified = new Map<string, Claims>()

  constructor(kernel: Kernel, accountKeyPem: string) {
    this.#kernel = kernel
    this.#privateKey = createPrivateKey(accountKeyPem)
    this.#publicKey = createPublicKey(this.#privateKey)
  }

  issue(account: KubeObject, request: TokenRequest): { token: string; expiresAt: number } {
    const now = Math.floor(this.#kernel.clock.now() / 1000)
    const { name, namespace = '', uid } = account.metadata
    const claims: Claims = {
      aud: [...request.audiences],
      exp: now + request.expirationSeconds,
      iat: now,
      iss: ISSUER,
      jti: this.#kernel.random.uuid(),
      'kubernetes.io': { namespace, serviceaccount: { name, uid }, ...(request.pod && { pod: request.pod }) },
      nbf: now,
      sub: `system:serviceaccount:${namespace}:${name}`,
    }
    const content = `${encode({ alg: 'ES256', kid: 'account' })}.${encode(claims)}`
    const signature = sign('sha256', Buffer.from(content), { key: this.#privateKey, dsaEncoding: 'ieee-p1363' })
    return { token: `${content}.${signature.toString('base64url')}`, expiresAt: claims.exp * 1000 }
  }

  /** The token that a pod finds in its volume; undefined when its account is not there. */
  ofPod(pod: KubeObject, { audience = ISSUER, expirationSeconds }: PodTokenRequest): string | undefined {
    const { namespace, name, uid } = pod.metadata
    const account = this.#kernel.store.get('serviceaccounts', `${namespace}/${pod['spec']?.serviceAccountName}`)
    const extended = audience === ISSUER && expirationSeconds === POD_SECONDS
    return (
      account &&
      this.issue(account, {
        audiences: [audience],
        expirationSeconds: extended ? EXTENDED_SECONDS : expirationSeconds,
        pod: { name, uid },
      }).token
    )
  }

  /** Whose token it is; undefined when it is not (or no longer) good for this audience. */
  user(token: string, audience = ISSUER): User | undefined {
    const claims = this.#verified.get(token) ?? this.#verify(token)
    if (claims === undefined || !claims.aud.includes(audience)) return undefined
    if (claims.exp * 1000 <= this.#kernel.clock.now()) return undefined
    const { namespace, serviceaccount, pod } = claims['kubernetes.io']
    const account = this.#kernel.store.get('serviceaccounts', `${namespace}/${serviceaccount.name}`)
    if (account?.metadata.uid !== serviceaccount.uid) return undefined
    if (pod && this.#kernel.store.get('pods', `${namespace}/${pod.name}`)?.metadata.uid !== pod.uid) return undefined
    return {
      name: claims.sub,
      uid: serviceaccount.uid,
      groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'],
      extra: {
        'authentication.kubernetes.io/credential-id': [`JTI=${claims.jti}`],
        ...(pod && {
          'authentication.kubernetes.io/pod-name': [pod.name],
          'authentication.kubernetes.io/pod-uid': [pod.uid],
        }),
      },
    }
  }

  #verify(token: string): Claims | undefined {
    const [head = '', body = '', signature = ''] = token.split('.')
    if (body === '' || signature === '') return undefined
    const key = { key: this.#publicKey, dsaEncoding: 'ieee-p1363' as const }
    if (!verify('sha256', Buffer.from(`${head}.${body}`), key, Buffer.from(signature, 'base64url'))) return undefined
    const claims = JSON.parse(Buffer.from(body, 'base64url').toString()) as Claims
    if (this.#verified.size >= VERIFIED_TOKENS) this.#verified.clear()
    this.#verified.set(token, claims)
    return claims
  }
}

export const unauthorized = (): ApiError => new ApiError(401, 'Unauthorized', 'Unauthorized')
