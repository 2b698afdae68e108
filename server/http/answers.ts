import { randomBytes } from 'node:crypto'
import type { Context } from 'hono'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import * as v from 'valibot'
import { LabwrightError } from '../../protocol/errors/error.ts'
import { serverError } from '../../protocol/errors/server.ts'
import type { ErrorBody } from '../../protocol/rest.ts'

/** Any error as an answer: a code and a sentence, never a stack trace. What is not ours gets a reference into the log. */
export function errorAnswer(error: unknown, context: Context, log: (error: unknown, about: string) => void): Response {
  if (error instanceof LabwrightError) {
    if (error.status >= 500) log(error, `${context.req.method} ${context.req.path}`)
    return answer(context, error)
  }
  const reference = randomBytes(4).toString('hex')
  log(error, `${context.req.method} ${context.req.path} (reference ${reference})`)
  return answer(context, serverError('INTERNAL', { reference }))
}

function answer(context: Context, { code, message, status }: LabwrightError): Response {
  context.header('Cache-Control', 'no-store')
  return context.json<ErrorBody>({ code, sentence: message }, status as ContentfulStatusCode)
}

/** The request's JSON body, checked. @throws BODY_INVALID */
export async function bodyOf<T extends v.GenericSchema>(context: Context, schema: T): Promise<v.InferOutput<T>> {
  let body: unknown
  try {
    body = await context.req.json()
  } catch (error) {
    if (error instanceof LabwrightError) throw error
    throw serverError('BODY_INVALID', { reason: 'it is not JSON' }, error)
  }
  const result = v.safeParse(schema, body)
  if (!result.success) {
    const [issue] = result.issues
    throw serverError('BODY_INVALID', { reason: `${v.getDotPath(issue) ?? 'the body'}: ${issue.message}` })
  }
  return result.output
}
