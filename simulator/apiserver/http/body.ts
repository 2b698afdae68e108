import type { IncomingMessage } from 'node:http'
import { parseAllDocuments } from 'yaml'
import { ApiError, badRequest, type NewObject } from '../../kubernetes/index.ts'
import { decodeProtobuf } from '../../schema/index.ts'

/** Larger bodies are refused, as by the API server. */
const MAX_BODY_BYTES = 3 * 1024 * 1024

export async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  let length = 0
  const tooLarge = (): ApiError =>
    new ApiError(413, 'RequestEntityTooLarge', `Request entity too large: limit is ${MAX_BODY_BYTES}`)
  if (Number(request.headers['content-length'] ?? 0) > MAX_BODY_BYTES) throw tooLarge()
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length > MAX_BODY_BYTES) throw tooLarge()
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

export interface Decoded {
  object: NewObject
  /** JSON or YAML as it came, for the checks that need to see duplicate fields; absent for protobuf. */
  text?: string
  yaml: boolean
}

const unsupported = (): ApiError =>
  new ApiError(
    415,
    'UnsupportedMediaType',
    'the body of the request was in an unknown format - accepted media types include: application/json, application/yaml, application/vnd.kubernetes.protobuf',
  )

/** Reads the one object of a body. `kind` names what is expected, for the sentences of refusals. */
export function decodeObject(body: Buffer, contentType: string | undefined, kind: string): Decoded {
  const type = (contentType ?? '').split(';')[0]?.trim().toLowerCase() ?? ''
  const unrecognized = (why: string): ApiError =>
    badRequest(`the object provided is unrecognized (must be of type ${kind}): ${why}`)
  if (
    type === 'application/vnd.kubernetes.protobuf' ||
    (type === '' && body.subarray(0, 4).toString('latin1') === 'k8s\0')
  ) {
    if (body.subarray(0, 4).toString('latin1') !== 'k8s\0') {
      const why = 'provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]'
      throw unrecognized(`${why} (${excerpt(body)})`)
    }
    return { object: decodeProtobuf(body) as NewObject, yaml: false }
  }
  if (type === 'application/yaml')
    return { object: readYaml(body.toString(), unrecognized), text: body.toString(), yaml: true }
  if (type !== 'application/json' && contentType !== undefined && contentType !== '') throw unsupported()
  return { object: readJson(body, unrecognized), text: body.toString(), yaml: false }
}

function readJson(body: Buffer, unrecognized: (why: string) => ApiError): NewObject {
  const fail = (why: string, shown: string): ApiError =>
    unrecognized(`couldn't get version/kind; json parse error: ${why} (${shown})`)
  if (body.length === 0) throw fail('unexpected end of JSON input', '<empty>')
  let value: unknown
  try {
    value = JSON.parse(body.toString())
  } catch {
    const first = body.toString().trimStart()[0] ?? ''
    const broken = '{["tfn-0123456789'.includes(first)
    throw fail(
      broken ? 'unexpected end of JSON input' : `invalid character '${first}' looking for beginning of value`,
      excerpt(body, broken),
    )
  }
  // Go reads null as an object without fields.
  if (value === null) return {} as NewObject
  if (typeof value !== 'object' || Array.isArray(value)) {
    const found = Array.isArray(value) ? 'array' : typeof value === 'boolean' ? 'bool' : typeof value
    const wanted =
      'struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }'
    throw fail(`json: cannot unmarshal ${found} into Go value of type ${wanted}`, excerpt(body))
  }
  return value as NewObject
}

function readYaml(text: string, unrecognized: (why: string) => ApiError): NewObject {
  const value = parseYaml(text)
  if (typeof value !== 'object' || value === null) throw unrecognized("couldn't get version/kind; yaml is not a map")
  return value as NewObject
}

/** The first document, by the rules of YAML 1.1 (`yes` is true), duplicate keys allowed. Throws 400. */
export function parseYaml(text: string): unknown {
  const [document] = parseAllDocuments(text, { version: '1.1', uniqueKeys: false, merge: true })
  if (document === undefined || 'empty' in document) return null
  const [error] = document.errors
  if (error) {
    const line = error.linePos?.[0].line ?? 1
    throw new ApiError(
      400,
      'BadRequest',
      `error decoding YAML: error converting YAML to JSON: yaml: line ${line}: ${error.message.split('\n')[0]}`,
    )
  }
  return JSON.parse(JSON.stringify(document.toJS()))
}

/** Readable text as it is, other bytes in hexadecimal; both cut short. */
function excerpt(body: Buffer, readable = body[0] === 0x7b): string {
  const limit = readable ? 22 : 512
  const shown = readable ? body.toString() : body.toString('hex')
  return shown.length > limit ? `${shown.slice(0, limit)} ...` : shown
}
