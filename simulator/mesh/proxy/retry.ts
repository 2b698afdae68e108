import type { RetryPolicy } from './routes/index.ts'
import type { Attempt } from './upstream.ts'

/** Back-off before a retry: random up to this, doubling, at most ten times as long. Source: Envoy's default retry_back_off. */
export const RETRY_BASE_MILLISECONDS = 25

const GATEWAY_ERRORS: readonly number[] = [502, 503, 504]

function onStatus(status: number, retryOn: readonly string[]): boolean {
  if (status >= 500 && retryOn.includes('5xx')) return true
  if (GATEWAY_ERRORS.includes(status) && retryOn.includes('gateway-error')) return true
  if (status === 409 && retryOn.includes('retriable-4xx')) return true
  // Numbers among the words are status codes. Source: retry.go `parseRetryOn`.
  return retryOn.includes(String(status))
}

/** Whether the policy retries after this. An overflow of the client's own limits never is. Source: Envoy retry_state_impl.cc. */
export function isRetriable(attempt: Attempt, { retryOn }: RetryPolicy): boolean {
  switch (attempt.kind) {
    case 'response':
      return onStatus(attempt.response.status, retryOn)
    case 'reset':
      if (attempt.reason === 'overflow') return false
      if (retryOn.some((word) => word === '5xx' || word === 'gateway-error' || word === 'reset')) return true
      if (attempt.reason === 'connection termination') return false
      return retryOn.includes('connect-failure')
    case 'caller-left':
      return false
    case 'timed-out':
      // A try that took too long counts as a 504 of the server's.
      return onStatus(504, retryOn) || retryOn.includes('reset')
    default:
      return onStatus(503, retryOn) && retryOn.includes('5xx')
  }
}
