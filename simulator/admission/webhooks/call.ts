import {
  ApiError,
  apiVersionOf,
  badRequest,
  internalError,
  type AdmissionRequest,
  type Random,
  type Status,
} from '../../kubernetes/index.ts'
import type { Webhook } from './configuration.ts'

/** Posts JSON to a Service from the control plane; throws with the words that stand behind `Post "https://…": `. */
export type WebhookTransport = (
  service: { namespace: string; name: string; port?: number; path?: string },
  body: string,
  signal: AbortSignal,
) => Promise<{ status: number; body: string }>

const DEFAULT_TIMEOUT_SECONDS = 10

interface Response {
  allowed: boolean
  patch?: string
  patchType?: string
  status?: Partial<Status>
  warnings?: string[]
}

/** Asks one webhook. Undefined: it could not be asked, and that is allowed to pass. Throws its refusal, or that it failed. */
export async function callWebhook(
  webhook: Webhook,
  request: AdmissionRequest,
  { transport, random }: { transport: WebhookTransport; random: Random },
): Promise<Response | undefined> {
  if (request.dryRun && !['None', 'NoneOnDryRun'].includes(webhook.sideEffects ?? ''))
    throw badRequest(`admission webhook "${webhook.name}" does not support dry run`)
  let response: Response
  try {
    response = await post(webhook, request, transport, random)
  } catch (error) {
    if (webhook.failurePolicy === 'Ignore') return undefined
    const why = error instanceof Error ? error.message : String(error)
    throw internalError(`failed calling webhook "${webhook.name}": ${why}`, error)
  }
  for (const warning of response.warnings ?? []) request.warn(warning)
  if (!response.allowed) throw denial(webhook, response.status)
  return response
}

async function post(
  webhook: Webhook,
  request: AdmissionRequest,
  transport: WebhookTransport,
  random: Random,
): Promise<Response> {
  const seconds = webhook.timeoutSeconds ?? DEFAULT_TIMEOUT_SECONDS
  const uid = random.uuid()
  const { service, url } = webhook.clientConfig
  if (service === undefined) {
    // The simulated cluster has no way to the network of the machine that it runs on.
    throw new Error(
      `failed to call webhook: Post "${url}?timeout=${seconds}s": only webhooks behind a Service can be reached`,
    )
  }
  const { namespace, name, port = 443, path = '/' } = service
  const body = JSON.stringify({
    kind: 'AdmissionReview',
    apiVersion: 'admission.k8s.io/v1',
    request: reviewRequest(request, uid),
  })
  const failed = `failed to call webhook: Post "https://${name}.${namespace}.svc:${port}${path}?timeout=${seconds}s"`
  let answer: { status: number; body: string }
  try {
    answer = await transport(
      { namespace, name, port, path: `${path}?timeout=${seconds}s` },
      body,
      AbortSignal.timeout(seconds * 1000),
    )
  } catch (error) {
    throw new Error(`${failed}: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
  }
  if (answer.status !== 200)
    throw new Error(`failed to call webhook: the server responded with status code ${answer.status}: ${answer.body}`)
  const { response } = JSON.parse(answer.body) as { response?: Response & { uid?: string } }
  if (response === undefined) throw new Error('failed to call webhook: webhook response was absent')
  if (response.uid !== uid) throw new Error(`expected response.uid="${uid}", got "${response.uid ?? ''}"`)
  return response
}

function reviewRequest(request: AdmissionRequest, uid: string): unknown {
  const { resource, subresource, operation, name, namespace, object, oldObject, user, dryRun } = request
  const { group, version, kind, plural } = resource
  const optionsKind = {
    CREATE: 'CreateOptions',
    UPDATE: 'UpdateOptions',
    DELETE: 'DeleteOptions',
    CONNECT: 'ConnectOptions',
  }[operation]
  const typed = (value: object | undefined): object | null =>
    value ? { kind, apiVersion: apiVersionOf(resource), ...value } : null
  return {
    uid,
    kind: { group, version, kind },
    resource: { group, version, resource: plural },
    ...(subresource !== undefined && { subResource: subresource }),
    requestKind: { group, version, kind },
    requestResource: { group, version, resource: plural },
    ...(subresource !== undefined && { requestSubResource: subresource }),
    name,
    ...(namespace !== undefined && { namespace }),
    operation,
    userInfo: {
      username: user.name,
      ...(user.uid && { uid: user.uid }),
      groups: user.groups,
      ...(user.extra && { extra: user.extra }),
    },
    object: typed(object),
    oldObject: typed(oldObject),
    dryRun,
    options: { kind: optionsKind, apiVersion: 'meta.k8s.io/v1' },
  }
}

/** A refusal never has a status code of success (apiserver `pkg/admission/plugin/webhook/errors`). */
function denial({ name }: Webhook, status: Partial<Status> = {}): ApiError {
  const head = `admission webhook "${name}" denied the request`
  const message = status.message
    ? `${head}: ${status.message}`
    : status.reason
      ? `${head}: ${status.reason}`
      : `${head} without explanation`
  return new ApiError(Math.max(400, status.code ?? 0), status.reason ?? '', message, status.details)
}
