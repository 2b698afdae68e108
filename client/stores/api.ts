import type { ErrorBody } from '../../protocol/rest.ts'
import { messages } from '../messages/index.ts'

/** An answer of the server that is not what was asked for; `sentence` is for people. */
export class ApiError extends Error {
  readonly code: string
  readonly status: number

  constructor(code: string, status: number, sentence: string) {
    super(sentence)
    this.name = 'ApiError'
    this.code = code
    this.status = status
  }
}

async function problem(response: Response): Promise<ApiError> {
  const body = (await response.json().catch(() => undefined)) as Partial<ErrorBody> | undefined
  return new ApiError(
    body?.code ?? 'UNKNOWN',
    response.status,
    body?.sentence ?? messages.error.unknown(response.status),
  )
}

/** Asks the server. Throws an ApiError with a sentence, also when there is no server. */
export async function api<T>(method: 'GET' | 'POST' | 'DELETE', path: string, body?: unknown): Promise<T> {
  let response: Response
  try {
    response = await fetch(`/api/${path}`, {
      method,
      ...(method === 'GET'
        ? {}
        : { body: JSON.stringify(body ?? {}), headers: { 'Content-Type': 'application/json' } }),
    })
  } catch {
    throw new ApiError('OFFLINE', 0, messages.error.offline)
  }
  if (!response.ok) throw await problem(response)
  if (response.status === 204 || response.headers.get('Content-Length') === '0') return undefined as T
  const text = await response.text()
  return (text === '' ? undefined : JSON.parse(text)) as T
}

/** What went wrong as a sentence for the page. */
export function sentenceOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
