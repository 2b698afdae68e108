import { LabwrightError } from '../../protocol/errors/error.ts'
import type { Problem } from './life.ts'

export function isUnknownCluster(error: unknown): error is LabwrightError {
  return error instanceof LabwrightError && error.code === 'CLUSTER_UNKNOWN'
}

/** What a page is told of an error. */
export function asProblem(error: unknown): Problem {
  const { code = 'INTERNAL', message } = error as Error & { code?: string }
  return { code, sentence: message }
}
