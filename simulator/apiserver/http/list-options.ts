import { ApiError, badRequest, invalid, type KubeObject } from '../../kubernetes/index.ts'
import type { ServedResource } from '../../schema/index.ts'
import { parseFieldSelector } from '../selectors/fields.ts'
import { parseLabelSelector } from '../selectors/labels.ts'

export interface Selection {
  matches: (object: KubeObject) => boolean
  /** False: everything matches. */
  selective: boolean
}

export interface ListOptions {
  selection: Selection
  /** 0: no limit. */
  limit: number
  continueToken: string
  /** As given; `''` when absent. */
  resourceVersion: string
  match: string
  sendInitialEvents: boolean | undefined
  allowBookmarks: boolean
  timeoutSeconds: number | undefined
}

const truthy = (value: string | null): boolean => value !== null && !['0', 'false', 'f'].includes(value.toLowerCase())

function integer(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name)
  if (text === null || text === '') return undefined
  if (!/^-?\d+$/.test(text)) throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`)
  return Number(text)
}

/** Reads what may stand behind a list or watch; refuses what contradicts itself. */
export function readListOptions(query: URLSearchParams, resource: ServedResource, watch: boolean): ListOptions {
  const sendInitialEvents = query.has('sendInitialEvents') ? truthy(query.get('sendInitialEvents')) : undefined
  const options: ListOptions = {
    selection: readSelection(query, resource),
    limit: Math.max(0, integer(query, 'limit') ?? 0),
    continueToken: query.get('continue') ?? '',
    resourceVersion: query.get('resourceVersion') ?? '',
    match: query.get('resourceVersionMatch') ?? '',
    sendInitialEvents,
    allowBookmarks: truthy(query.get('allowWatchBookmarks')),
    timeoutSeconds: integer(query, 'timeoutSeconds'),
  }
  refuseContradictions(options, watch)
  return options
}

function readSelection(query: URLSearchParams, resource: ServedResource): Selection {
  const labelText = query.get('labelSelector') ?? ''
  const fieldText = query.get('fieldSelector') ?? ''
  const labels = parseLabelSelector(labelText)
  const fields = parseFieldSelector(fieldText, resource)
  return {
    matches: (object) => labels(object.metadata.labels) && fields.matches(object),
    selective: labelText !== '' || fieldText !== '',
  }
}

type Cause = { reason: string; message: string; field: string }

function refuseContradictions(options: ListOptions, watch: boolean): void {
  const { match, resourceVersion, continueToken, sendInitialEvents } = options
  const field = 'resourceVersionMatch'
  const causes: Cause[] = []
  const forbid = (message: string): void =>
    void causes.push({ reason: 'FieldValueForbidden', message: `Forbidden: ${message}`, field })
  const unsupported = (supported: string): void => {
    const message = `Unsupported value: ${JSON.stringify(match)}: supported values: ${supported}`
    causes.push({ reason: 'FieldValueNotSupported', message, field })
  }
  if (watch && sendInitialEvents !== undefined) {
    if (match !== 'NotOlderThan') forbid('sendInitialEvents requires setting resourceVersionMatch to NotOlderThan')
    if (match !== '' && match !== 'NotOlderThan') unsupported('"NotOlderThan"')
  } else if (!watch && sendInitialEvents !== undefined) {
    const message = 'Forbidden: sendInitialEvents is forbidden for list'
    causes.push({ reason: 'FieldValueForbidden', message, field: 'sendInitialEvents' })
  } else if (match !== '') {
    if (watch) forbid('resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided')
    else if (resourceVersion === '') forbid('resourceVersionMatch is forbidden unless resourceVersion is provided')
    if (continueToken !== '') forbid('resourceVersionMatch is forbidden when continue is provided')
    if (!['Exact', 'NotOlderThan'].includes(match)) unsupported('"Exact", "NotOlderThan", ""')
    else if (match === 'Exact' && resourceVersion === '0')
      forbid('resourceVersionMatch "exact" is forbidden for resourceVersion "0"')
  } else if (watch && continueToken !== '') forbid('resourceVersionMatch is forbidden when continue is provided')
  if (causes.length > 0) throw invalid({ group: 'meta.k8s.io', kind: 'ListOptions' }, '', causes)
}

/** Reads a resourceVersion; undefined when none is meant. A number from the future is a 504, as after waiting for it in vain. */
export function readRevision(text: string, current: number, watch = false): number | undefined {
  if (text === '' || text === '0') return undefined
  if (!/^\d+$/.test(text)) {
    const why = `resourceVersion: Invalid value: ${JSON.stringify(text)}: strconv.ParseUint: parsing ${JSON.stringify(text)}: invalid syntax`
    throw watch ? new ApiError(500, '', why) : badRequest(`invalid resource version: ${why}`)
  }
  const revision = Number(text)
  if (revision > current && !watch)
    throw new ApiError(504, 'Timeout', `Timeout: Too large resource version: ${text}, current: ${current}`, {
      causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
      retryAfterSeconds: 1,
    })
  return revision
}

interface Continue {
  v: string
  rv: number
  start: string
}

/** Where the next page begins: a revision and the key after the last one. -1: the newest revision. */
export function writeContinue(rv: number, lastKey: string): string {
  return Buffer.from(JSON.stringify({ v: 'meta.k8s.io/v1', rv, start: `${lastKey}\0` })).toString('base64url')
}

export function readContinue(token: string): Continue {
  const fail = (why: string): ApiError => badRequest(`invalid continue token: continue key is not valid: ${why}`)
  let value: Partial<Continue>
  const text = Buffer.from(token, 'base64url').toString('latin1')
  try {
    value = JSON.parse(text) as Partial<Continue>
  } catch {
    const first = text.charCodeAt(0)
    const shown = first > 31 && first < 127 ? (text[0] ?? '') : `\\u${first.toString(16).padStart(4, '0')}`
    throw fail(`invalid character '${shown}' looking for beginning of value`)
  }
  if (value.v !== 'meta.k8s.io/v1') throw fail(`server does not recognize this encoded version "${value.v ?? ''}"`)
  if (!value.rv) throw fail('incorrect encoded start resourceVersion (version meta.k8s.io/v1)')
  if (!value.start) throw fail('empty encoded start key (version meta.k8s.io/v1)')
  return value as Continue
}
