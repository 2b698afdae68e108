import { invalid } from '../../kubernetes/index.ts'
import type { ServedResource } from '../../schema/index.ts'
import { decodeObject, readBody } from '../http/body.ts'
import type { Call, Server } from '../http/call.ts'
import { respond } from '../http/respond.ts'
import { existing } from '../http/write.ts'
import { ISSUER } from '../identity/account-tokens.ts'

const DEFAULT_SECONDS = 3600
const SHORTEST_SECONDS = 600
const LONGEST_SECONDS = 2 ** 32

interface Spec {
  audiences?: string[]
  expirationSeconds?: number | null
  boundObjectRef?: { kind: string; name: string; uid?: string } | null
}

/** TokenRequest: a token of a service account, for a while and an audience. */
export async function requestToken({ kernel, identity }: Server, resource: ServedResource, call: Call): Promise<void> {
  const { object } = decodeObject(await readBody(call.request), call.request.headers['content-type'], 'TokenRequest')
  const account = existing(kernel, resource, call)
  const { audiences, boundObjectRef, ...spec } = (object['spec'] ?? {}) as Spec
  const expirationSeconds = spec.expirationSeconds ?? DEFAULT_SECONDS
  const limit =
    expirationSeconds < SHORTEST_SECONDS
      ? 'less than 10 minutes'
      : expirationSeconds > LONGEST_SECONDS
        ? 'larger than 2^32 seconds'
        : ''
  if (limit !== '') {
    const message = `Invalid value: ${expirationSeconds}: may not specify a duration ${limit}`
    throw invalid({ group: 'authentication.k8s.io', kind: 'TokenRequest' }, '', [
      { reason: 'FieldValueInvalid', message, field: 'spec.expirationSeconds' },
    ])
  }
  const wanted = audiences?.length ? audiences : [ISSUER]
  const pod =
    boundObjectRef?.kind === 'Pod'
      ? kernel.store.get('pods', `${account.metadata.namespace}/${boundObjectRef.name}`)
      : undefined
  const bound = pod && { pod: { name: pod.metadata.name, uid: pod.metadata.uid } }
  const { token, expiresAt } = identity.accounts.issue(account, { audiences: wanted, expirationSeconds, ...bound })
  const { name, namespace } = account.metadata
  const answer = {
    kind: 'TokenRequest',
    apiVersion: 'authentication.k8s.io/v1',
    metadata: { name, namespace, creationTimestamp: new Date(kernel.clock.now()).toISOString().replace(/\.\d+Z/, 'Z') },
    spec: { audiences: wanted, expirationSeconds, boundObjectRef: boundObjectRef ?? null },
    status: { token, expirationTimestamp: new Date(expiresAt).toISOString().replace(/\.\d+Z/, 'Z') },
  }
  await respond(call, { status: 201, body: `${JSON.stringify(answer)}\n` })
}
