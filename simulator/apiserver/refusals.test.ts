import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readFacts } from '../../test/support/facts.ts'
import { recordedServer, type RecordedRequest, type RecordedServer } from './testing/recorded-server.ts'

interface Row {
  name: string
  request: RecordedRequest
  status: number
  response: string | { message?: string }
}

/** What the server itself refuses, before or beside the rules of a type (those have a table of their own). */
const families = [
  'body',
  'content type',
  'list',
  'url',
  'method',
  'json patch',
  'merge patch',
  'apply',
  'apply conflict',
  'patch',
  'delete',
  'delete options',
  'dry run',
  'field validation Strict',
  'field validation Bogus',
  'forbidden alice',
  'impersonation',
  'limit range',
  'log',
  'pod security base',
  'pod security both',
  'pod security rest',
  'pod security v',
  'precondition',
  'quota',
  'scale',
  'terminating',
  'token request',
  'unauthorized no credentials',
  'unauthorized bad token',
  'unauthorized jwt-like token',
  'unauthorized',
  'webhook',
]

/** Not done yet, or beyond what a server on Node can do; the conformance page names them. */
const different = new Set([
  'apply: broken yaml',
  // Follows on a request that is not in this half of the recordings.
  'delete options: after that it is gone',
  'body: bad apiVersion',
  'json patch: kind changed',
  'field validation Strict: json patch',
  'merge patch: wrong type',
  'method: BREW /api/v1/namespaces/{ns}/configmaps',
  'method: PUT /apis/lab.example.com/v1/namespaces/{ns}/widgets',
  'quota: cpu exceeded',
  'scale: patch text',
  'scale: old resourceVersion',
])

const rows: Row[] = (readFacts('kubernetes-1.34/errors.json') as Row[]).filter(
  ({ name, status }) => status >= 400 && families.includes(name.split(':')[0] ?? '') && !different.has(name),
)

/** Uids, versions and amounts differ from run to run. */
const normal = (text: string | undefined): string =>
  (text ?? '').replaceAll(/<[a-z]+(-\d+)?>|[0-9a-f]{8}-[0-9a-f-]{27}|\d+/g, '#')

describe('the server refuses as a real one does', () => {
  let server: RecordedServer
  beforeAll(async () => void (server = await recordedServer()))
  afterAll(() => server[Symbol.asyncDispose]())

  it('has a table', () => expect(rows.length).toBeGreaterThan(100))

  it.each(rows)('$name', async ({ request, status, response }) => {
    const answer = await server.send(request)
    const said = answer.text.startsWith('{') ? (JSON.parse(answer.text) as { message?: string }).message : answer.text
    const wanted = typeof response === 'string' ? response : response.message
    expect({ status: answer.status, said: normal(said) }).toEqual({ status, said: normal(wanted) })
  })
})
