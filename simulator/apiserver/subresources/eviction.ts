import { ApiError, matchesSelector, type KubeObject } from '../../kubernetes/index.ts'
import type { ServedResource } from '../../schema/index.ts'
import { decodeObject, readBody } from '../http/body.ts'
import type { Call, Server } from '../http/call.ts'
import { keyOfCall } from '../http/read.ts'
import { respond } from '../http/respond.ts'
import { existing, writeContext } from '../http/write.ts'
import { remove, type DeleteOptions } from '../write/remove.ts'

const RETRY_SECONDS = 10

/** Deletes a pod if its disruption budget allows that now. */
export async function evict({ kernel }: Server, resource: ServedResource, call: Call): Promise<void> {
  const { object: eviction } = decodeObject(
    await readBody(call.request),
    call.request.headers['content-type'],
    'Eviction',
  )
  const options = (eviction['deleteOptions'] ?? {}) as DeleteOptions & { dryRun?: string[] }
  const context = { ...writeContext(call, 'CreateOptions') }
  context.dryRun ||= (options.dryRun?.length ?? 0) > 0
  const pod = existing(kernel, resource, call)
  const budgets = [...kernel.store.values('poddisruptionbudgets.policy')].filter(
    ({ metadata, spec }) =>
      metadata.namespace === pod.metadata.namespace && matchesSelector(spec?.selector, pod.metadata.labels),
  )
  if (budgets.length > 1)
    throw new ApiError(
      500,
      '',
      'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.',
    )
  const [budget] = budgets
  if (budget && isServing(pod)) refuseDisruption(budget)
  const { subresource: _, ...deletion } = context
  await remove(kernel, resource, keyOfCall(resource, call), options, deletion)
  await respond(call, {
    status: 201,
    body: `${JSON.stringify({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 })}\n`,
  })
}

/** Pods that do not run yet, or no more, disturb nobody by going. */
function isServing(pod: KubeObject): boolean {
  return pod['status']?.phase === 'Running' && pod.metadata.deletionTimestamp === undefined
}

function refuseDisruption(budget: KubeObject): void {
  const {
    disruptionsAllowed = 0,
    desiredHealthy = 0,
    currentHealthy = 0,
    observedGeneration = 0,
  } = budget['status'] ?? {}
  const refuse = (message: string, retryAfterSeconds?: number): never => {
    throw new ApiError(429, 'TooManyRequests', "Cannot evict pod as it would violate the pod's disruption budget.", {
      causes: [{ reason: 'DisruptionBudget', message }],
      ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
    })
  }
  const { name, generation = 0 } = budget.metadata
  if (observedGeneration < generation)
    refuse(`The disruption budget ${name} is still being processed by the server.`, RETRY_SECONDS)
  if (disruptionsAllowed <= 0)
    refuse(`The disruption budget ${name} needs ${desiredHealthy} healthy pods and has ${currentHealthy} currently`)
}
