import jsonPatch, { type Operation } from 'fast-json-patch'
import {
  internalError,
  type AdmissionPlugin,
  type AdmissionRequest,
  type Api,
  type NewObject,
  type Random,
} from '../../kubernetes/index.ts'
import { callWebhook, type WebhookTransport } from './call.ts'
import { concerns, webhooksOf, type Webhook } from './configuration.ts'

export type { WebhookTransport } from './call.ts'

export interface WebhookOptions {
  api: Api
  random: Random
  transport: WebhookTransport
}

/** Lets webhooks change what comes in, one after the other. */
export function mutatingWebhooks(options: WebhookOptions): AdmissionPlugin {
  return {
    name: 'MutatingAdmissionWebhook',
    handles: (request) =>
      webhooksOf(options.api, 'mutating').some((webhook) => concerns(options.api, webhook, request)),
    async mutate(request) {
      for (const webhook of webhooksOf(options.api, 'mutating')) {
        if (!concerns(options.api, webhook, request)) continue
        const response = await callWebhook(webhook, request, options)
        if (response?.patch && request.object) applyPatch(webhook, request, request.object, response.patch)
      }
    },
  }
}

function applyPatch(webhook: Webhook, request: AdmissionRequest, object: NewObject, encoded: string): void {
  try {
    const operations = JSON.parse(Buffer.from(encoded, 'base64').toString()) as Operation[]
    const patched = jsonPatch.applyPatch(structuredClone(object), operations, true).newDocument
    for (const key of Object.keys(object)) delete object[key]
    Object.assign(object, patched)
  } catch (error) {
    throw internalError(
      `failed applying the patch of webhook "${webhook.name}" to ${request.resource.kind} "${request.name}"`,
      error,
    )
  }
}

/** Asks all webhooks that have a say at once; the refusal of the first in order counts. */
export function validatingWebhooks(options: WebhookOptions): AdmissionPlugin {
  return {
    name: 'ValidatingAdmissionWebhook',
    handles: () => true,
    async validate(request) {
      const asked = webhooksOf(options.api, 'validating').filter((webhook) => concerns(options.api, webhook, request))
      const outcomes = await Promise.allSettled(asked.map((webhook) => callWebhook(webhook, request, options)))
      for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason
    },
  }
}
