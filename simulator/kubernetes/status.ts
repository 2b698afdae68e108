/** metav1.Status, the answer of an API server that refuses. */
export interface Status {
  kind: 'Status'
  apiVersion: 'v1'
  metadata: Record<string, unknown>
  status: 'Success' | 'Failure'
  message?: string
  reason?: string
  details?: {
    name?: string
    group?: string
    kind?: string
    uid?: string
    causes?: { reason?: string; message?: string; field?: string }[]
    retryAfterSeconds?: number
  }
  code?: number
}

/** Thrown by the Api and by admission plugins; becomes the HTTP answer with `status.code`. */
export class ApiError extends Error {
  readonly status: Status

  constructor(code: number, reason: string, message: string, details?: Status['details'], cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'ApiError'
    this.status = {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message,
      ...(reason === '' ? {} : { reason }),
      ...(details === undefined ? {} : { details }),
      code,
    }
  }

  get reason(): string {
    return this.status.reason ?? ''
  }
}
