import { parse } from 'yaml'
import type { NewObject } from '../../../kubernetes/index.ts'
import { inject, podPatch, type InjectorSettings, type Pod } from '../inject/index.ts'
import { isTree, type Tree } from '../install/index.ts'
import { validateConfig } from '../validate/index.ts'
import type { ControlPlaneContext } from './context.ts'

/** admission.k8s.io/v1, as far as istiod reads and writes it. */
interface AdmissionRequest {
  uid: string
  operation: string
  namespace?: string
  resource?: { group: string; version: string; resource: string }
  object?: NewObject
}

interface AdmissionResponse {
  uid: string
  allowed: boolean
  status?: { metadata: Record<string, never>; message: string; code?: number }
  patchType?: 'JSONPatch'
  patch?: string
  warnings?: string[]
}

/** Answers one AdmissionReview; throws when the body is none. */
export function answerReview(
  body: string,
  answer: (request: AdmissionRequest) => Omit<AdmissionResponse, 'uid'>,
): string {
  const review: unknown = JSON.parse(body)
  const request = isTree(review) ? (review['request'] as unknown as AdmissionRequest | undefined) : undefined
  if (request === undefined) throw new Error('the body is no AdmissionReview: it has no request')
  return JSON.stringify({
    kind: 'AdmissionReview',
    apiVersion: 'admission.k8s.io/v1',
    response: { uid: request.uid, ...answer(request) },
  })
}

const denied = (error: unknown): Omit<AdmissionResponse, 'uid'> => ({
  allowed: false,
  status: { metadata: {}, message: error instanceof Error ? error.message : String(error) },
})

/** /inject: the patch that adds the sidecar, or nothing. Failures count as answered too, as they do in istiod. */
export function reviewPod(context: ControlPlaneContext, request: AdmissionRequest): Omit<AdmissionResponse, 'uid'> {
  const { metrics } = context
  metrics.add('sidecar_injection_requests_total')
  metrics.add('sidecar_injection_success_total')
  try {
    const pod = request.object as unknown as Pod
    const after = inject(pod, request.namespace ?? 'default', injectorSettings(context))
    if (after === undefined) {
      metrics.add('sidecar_injection_skip_total')
      return { allowed: true }
    }
    const patch = Buffer.from(JSON.stringify(podPatch(pod, after))).toString('base64')
    return { allowed: true, patchType: 'JSONPatch', patch }
  } catch (error) {
    metrics.add('sidecar_injection_failure_total')
    return denied(error)
  }
}

/** The settings as they lie in the cluster now; whoever edits the ConfigMaps sees the effect with the next pod. */
export function injectorSettings({ api, namespace, revision }: ControlPlaneContext): InjectorSettings {
  const suffix = revision === '' || revision === 'default' ? '' : `-${revision}`
  const data = (name: string): Record<string, string> =>
    api.get('configmaps', namespace, `${name}${suffix}`)?.['data'] ?? {}
  const injector = data('istio-sidecar-injector')
  const tree = (text: string | undefined): Tree => {
    const value: unknown = parse(text ?? '')
    return isTree(value) ? value : {}
  }
  return {
    config: tree(injector['config']),
    values: tree(injector['values']),
    meshConfig: tree(data('istio')['mesh']),
    revision,
    nativeSidecars: true,
  }
}

/** Kinds that are kept and validated, and that no proxy of the practice mesh acts on: whoever applies one is told. */
function notActedOn(kind: string): string[] {
  if (kind !== 'EnvoyFilter' && kind !== 'WasmPlugin') return []
  return [`the practice mesh does not act on ${kind}: its proxies go on as if it were not there`]
}

/** /validate: what the schema cannot say. */
export function reviewConfig(
  { metrics }: ControlPlaneContext,
  request: AdmissionRequest,
): Omit<AdmissionResponse, 'uid'> {
  const { object, resource } = request
  if (object === undefined || resource === undefined || !['CREATE', 'UPDATE'].includes(request.operation))
    return { allowed: true }
  const labels = { group: resource.group, resource: resource.resource, version: resource.version }
  const { message, warnings } = validateConfig(object)
  if (message === undefined) {
    metrics.add('galley_validation_passed', 1, labels)
    const told = [...warnings, ...notActedOn(object.kind)]
    return { allowed: true, ...(told.length === 0 ? {} : { warnings: told }) }
  }
  metrics.add('galley_validation_failed', 1, {
    group: labels.group,
    reason: 'invalid_resource',
    resource: labels.resource,
    version: labels.version,
  })
  return denied(new Error(`configuration is invalid: ${message}`))
}
