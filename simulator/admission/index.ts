import type { AdmissionPlugin, Api, Random } from '../kubernetes/index.ts'
import { defaultTolerations } from './default-tolerations.ts'
import { limitRanger } from './limit-ranger.ts'
import { namespaceLifecycle } from './namespace-lifecycle.ts'
import { podSecurity } from './pod-security/index.ts'
import { priority } from './priority.ts'
import { resourceQuota } from './resource-quota.ts'
import { serviceAccount } from './service-account.ts'
import { mutatingWebhooks, validatingWebhooks, type WebhookTransport } from './webhooks/index.ts'

export { namespaceLifecycle } from './namespace-lifecycle.ts'
export type { WebhookTransport } from './webhooks/index.ts'

/** The admission plugins of a cluster, in the API server's own order. */
export function createAdmission({
  api,
  random,
  transport,
}: {
  api: Api
  random: Random
  transport: WebhookTransport
}): AdmissionPlugin[] {
  const webhooks = { api, random, transport }
  return [
    namespaceLifecycle(api),
    limitRanger(api),
    serviceAccount(api, random),
    podSecurity(api),
    priority(api),
    defaultTolerations(),
    mutatingWebhooks(webhooks),
    validatingWebhooks(webhooks),
    resourceQuota(api),
  ]
}
