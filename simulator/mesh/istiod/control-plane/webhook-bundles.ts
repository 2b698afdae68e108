import { createWorkQueue, type KubeObject } from '../../../kubernetes/index.ts'
import { istiodManager, type ControlPlaneContext } from './context.ts'

const mutating = 'mutatingwebhookconfigurations.admissionregistration.k8s.io'
const validating = 'validatingwebhookconfigurations.admissionregistration.k8s.io'

/**
 * Puts the CA into the webhook configurations of this revision, and sets the validating ones to Fail now that something answers.
 * Both are put right whenever somebody changes them.
 */
export function keepWebhookBundles({ api, clock, authority, revision, metrics, log }: ControlPlaneContext): Disposable {
  const caBundle = Buffer.from(authority.rootCertificate).toString('base64')
  const rev = revision === '' ? 'default' : revision
  const isOurs = (object: KubeObject): boolean => object.metadata.labels?.['istio.io/rev'] === rev
  const reconcile = async (key: string): Promise<void> => {
    const [resource = '', name = ''] = key.split('/')
    const change = (object: KubeObject): void | false => {
      let changed = false
      for (const webhook of object['webhooks'] ?? []) {
        if (webhook.clientConfig.caBundle !== caBundle) {
          webhook.clientConfig.caBundle = caBundle
          changed = true
        }
        if (resource === validating && webhook.failurePolicy !== 'Fail') {
          webhook.failurePolicy = 'Fail'
          changed = true
        }
      }
      return changed ? undefined : false
    }
    await api.mutate(resource, undefined, name, change, { manager: istiodManager })
    if (resource === validating) metrics.add('galley_validation_config_updates')
  }
  const queue = createWorkQueue({ clock, reconcile, report: (error, key) => log(`webhook ${key}: ${String(error)}`) })
  const watches = [mutating, validating].map((resource) =>
    api.watch(resource, ({ type, object }) => {
      if (type !== 'DELETED' && isOurs(object) && needsChange(object, caBundle, resource))
        queue.add(`${resource}/${object.metadata.name}`)
    }),
  )
  return {
    [Symbol.dispose]() {
      for (const watch of watches) watch[Symbol.dispose]()
      queue[Symbol.dispose]()
    },
  }
}

interface Webhook {
  clientConfig: { caBundle?: string }
  failurePolicy?: string
}

function needsChange(object: KubeObject, caBundle: string, resource: string): boolean {
  const webhooks: Webhook[] = object['webhooks'] ?? []
  return webhooks.some(
    (webhook) =>
      webhook.clientConfig.caBundle !== caBundle || (resource === validating && webhook.failurePolicy !== 'Fail'),
  )
}
