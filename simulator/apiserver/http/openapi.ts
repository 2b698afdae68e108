import { createHash } from 'node:crypto'
import { ApiError } from '../../kubernetes/index.ts'
import { openapiV3, openapiV3Groups, type CustomOpenapi } from '../../schema/index.ts'
import type { Catalog } from '../catalog.ts'
import type { Kernel } from '../kernel.ts'
import { isCustom } from '../write/strategy.ts'
import type { Call } from './call.ts'
import { respond, respondText } from './respond.ts'

/** What clients ask for by this name is answered under one that Go can parse: `@` is no character of a media type. */
const V2_PROTOBUF_ASKED = 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf'
const V2_PROTOBUF = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf'
const ONE_YEAR_MS = 365 * 24 * 3600 * 1000

interface Document {
  text: string
  hash: string
}

const cached = new WeakMap<Catalog, { generation: number; documents: Map<string, Document> }>()
/** Built-in documents are the same in all clusters. */
const builtin = new Map<string, Document>()

function customsOf(kernel: Kernel, group: string, version: string): CustomOpenapi[] {
  return kernel.catalog
    .all()
    .filter((resource) => isCustom(resource) && resource.group === group && resource.version === version)
    .map((resource) => ({ resource, schema: kernel.customs.schema(resource) }))
}

/** The document at `apis/apps/v1`; undefined when nothing is served there. */
function documentAt(kernel: Kernel, path: string): Document | undefined {
  const [root, ...rest] = path.split('/')
  const [group = '', version = ''] = root === 'api' ? ['', rest[0]] : rest
  const customs = customsOf(kernel, group, version)
  const documents = customs.length === 0 ? builtin : customDocuments(kernel)
  let document = documents.get(path)
  if (document === undefined) {
    const made = openapiV3({ group, version }, customs) as unknown
    if (made === undefined) return undefined
    const text = JSON.stringify(made)
    document = { text, hash: createHash('sha512').update(text).digest('hex').toUpperCase() }
    documents.set(path, document)
  }
  return document
}

function customDocuments({ catalog }: Kernel): Map<string, Document> {
  let cache = cached.get(catalog)
  if (cache?.generation !== catalog.generation)
    cached.set(catalog, (cache = { generation: catalog.generation, documents: new Map() }))
  return cache.documents
}

function pathsOf({ catalog }: Kernel): string[] {
  const custom = catalog
    .all()
    .filter(isCustom)
    .map(({ group, version }) => `apis/${group}/${version}`)
  return [...new Set([...openapiV3Groups(), ...custom])]
}

/** Documents that describe the types; false when the path is none of them. */
export async function openApiPage(kernel: Kernel, call: Call): Promise<boolean> {
  const { path } = call.info
  if (path === '/openapi/v3') await index(kernel, call)
  else if (path.startsWith('/openapi/v3/')) {
    const document = documentAt(kernel, path.slice('/openapi/v3/'.length))
    if (document === undefined) await respondText(call, 404, '404 page not found\n')
    else await page(call, document)
  } else if (path === '/openapi/v2') await version2(call)
  else return false
  return true
}

/** A hash of what stands there: made without the document, so that a client that has it already costs nothing. */
function hashOf(kernel: Kernel, path: string): string {
  const known = builtin.get(path)?.hash ?? cached.get(kernel.catalog)?.documents.get(path)?.hash
  return known ?? documentAt(kernel, path)?.hash ?? ''
}

async function index(kernel: Kernel, call: Call): Promise<void> {
  const paths = Object.fromEntries(
    pathsOf(kernel).map((path) => [path, { serverRelativeURL: `/openapi/v3/${path}?hash=${hashOf(kernel, path)}` }]),
  )
  await respond(call, { type: 'text/plain; charset=utf-8', body: JSON.stringify({ paths }) })
}

async function page(call: Call, { text, hash }: Document): Promise<void> {
  const etag = `"${hash}"`
  const headers = { ETag: etag, Vary: 'Accept', ...(call.query.get('hash') === hash && immutable()) }
  if (call.request.headers['if-none-match'] === etag) {
    call.response.writeHead(304, headers).end()
    return
  }
  await respond(call, { body: text, headers })
}

function immutable(): Record<string, string> {
  return { 'Cache-Control': 'public, immutable', Expires: new Date(Date.now() + ONE_YEAR_MS).toUTCString() }
}

/**
 * Version 2 is only kept for clients older than 1.27, which cannot do without an answer: a document without definitions,
 * which makes them leave validation to the server.
 */
async function version2(call: Call): Promise<void> {
  const accept = call.request.headers.accept ?? ''
  if ([V2_PROTOBUF, V2_PROTOBUF_ASKED].some((type) => accept.includes(type)))
    return respond(call, { type: V2_PROTOBUF, body: emptyDocument() })
  if (accept !== '' && !/application\/json|\*\/\*/.test(accept))
    throw new ApiError(406, 'NotAcceptable', '406: Not Acceptable', {})
  const info = { title: 'Kubernetes', version: 'v1.34.4' }
  await respond(call, { body: JSON.stringify({ swagger: '2.0', info, paths: {}, definitions: {} }) })
}

/** openapi.v2.Document {1: swagger, 2: info {1: title, 2: version}, 8: paths}. */
function emptyDocument(): Buffer {
  const field = (number: number, content: Buffer): Buffer =>
    Buffer.concat([Buffer.from([(number << 3) | 2, content.length]), content])
  const info = Buffer.concat([field(1, Buffer.from('Kubernetes')), field(2, Buffer.from('v1.34.4'))])
  return Buffer.concat([field(1, Buffer.from('2.0')), field(2, info), field(8, Buffer.alloc(0))])
}
