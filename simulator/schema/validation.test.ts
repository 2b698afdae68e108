import { describe, expect, it } from 'vitest'
import { readFacts } from '../../test/support/facts.ts'
import { builtinOfKind, builtinResources, type ServedResource } from './catalogue.ts'
import { applyDefaults } from './defaults/index.ts'
import { jsonPatch } from './patch/json-patch.ts'
import { mergePatch } from './patch/merge-patch.ts'
import { strategicMergePatch } from './patch/strategic-merge-patch.ts'
import { prepareForCreate, prepareForUpdate } from './prepare.ts'
import { isMap, type Tree } from './tree.ts'
import { validate } from './validation/index.ts'

interface Request {
  method: string
  path: string
  contentType?: string
  body: Tree
}
interface Row {
  name: string
  request: Request
  status: number
  response: Tree
}

/** `{"$repeat":"a","$count":3}` stands for aaa, `$array` for a list of equal elements. */
function expand(value: Tree): Tree {
  if (Array.isArray(value)) return value.map(expand)
  if (!isMap(value)) return value
  if ('$repeat' in value) return value.$repeat.repeat(value.$count)
  if ('$array' in value) return Array.from({ length: value.$count }, () => expand(value.$array))
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, expand(inner)]))
}

const rows: Row[] = JSON.parse(JSON.stringify(readFacts('kubernetes-1.34/errors.json')).replaceAll('<uid-1>', 'uid-1'))
const setup: Request[] = readFacts('kubernetes-1.34/errors-setup.json')
const itemPath = /^\/(?:api|apis\/([^/]+))\/([^/]+)(?:\/namespaces\/([^/]+))?\/([^/]+)(?:\/([^/]+))?$/

function resourceAt(
  path: string,
): { resource: ServedResource; namespace: string | undefined; name: string | undefined } | undefined {
  const [, group = '', version, namespace, plural, name] = itemPath.exec(path) ?? []
  const resource = builtinResources.find(
    (one) => one.group === group && one.version === version && one.plural === plural,
  )
  return resource && { resource, namespace, name }
}

function created(resource: ServedResource, body: Tree, namespace: string | undefined): Tree {
  const object: Tree = applyDefaults(resource, {
    ...body,
    metadata: { ...(namespace ? { namespace } : {}), ...body.metadata },
  })
  object.metadata.uid = 'uid-1'
  if (object.kind === 'Service' && object.spec.clusterIP) object.spec.clusterIPs ??= [object.spec.clusterIP]
  prepareForCreate(resource, object, '2026-01-01T00:00:00Z')
  return object
}

function livingAt(path: string): Tree {
  const made = setup.find(({ method, path: at, body }) => method === 'POST' && `${at}/${body?.metadata?.name}` === path)
  const found = made && resourceAt(made.path)
  return found && made ? created(found.resource, expand(made.body), found.namespace) : undefined
}

function patched(live: Tree, { contentType = '', body }: Request): Tree {
  if (contentType.includes('strategic')) return strategicMergePatch(live, live, body)
  return contentType.includes('json-patch') ? jsonPatch(live, body) : mergePatch(live, body)
}

/** Causes for the request of a row; undefined when it is none about a built-in object as a whole. */
function causesOf({ request, response }: Row): Tree {
  const found = resourceAt(request.path)
  if (found === undefined || found.resource.kind.endsWith('Review')) return undefined
  const { resource, namespace, name } = found
  if (request.method === 'POST') {
    const body = expand(request.body)
    if (name !== undefined || !isMap(body) || !builtinOfKind(body.apiVersion ?? '', body.kind ?? '')) return undefined
    return validate(resource, created(resource, body, namespace))
  }
  const live = request.method === 'PATCH' ? livingAt(request.path) : undefined
  if (live === undefined) return undefined
  const [address = ''] = /10\.96\.\d+\.\d+/.exec(JSON.stringify(response)) ?? []
  const sent = JSON.parse(JSON.stringify(request).replaceAll('<clusterIP-1>', address))
  const object = applyDefaults(resource, patched(live, sent))
  prepareForUpdate(resource, object, live)
  return validate(resource, object, live)
}

const refused = rows.filter(
  ({ response, status }) =>
    status === 422 && response.details?.causes && /^[A-Z][A-Za-z.0-9]* "/.test(response.message),
)
/** Pod security, allocation of addresses and ports, the URL: not the object's own rules. */
const elsewhere =
  /psa |clusterIP outside|clusterIP taken|nodePort high|nodePort taken|generateName uppercase|^token|^log|^ephemeral|^status|^options|^dry run|^patch:|^apply:|conflict: patch with other uid|^terminating|^field validation|^list|^Widget/

/** Rules that are not written yet; the list may only grow shorter. */
const notYet: string[] = [
  'CustomResourceDefinition: preserveUnknownFields true',
  'CustomResourceDefinition: schema cel cost',
  'CustomResourceDefinition: schema cel message expression not string',
  'CustomResourceDefinition: schema cel syntax',
  'CustomResourceDefinition: schema cel undeclared',
  'CustomResourceDefinition: selectable field missing in schema',
  'DeviceClass: selector cel wrong',
  'Job update: selector',
  'PersistentVolume update: capacity 0',
  'ReplicationController update: selector',
  'ResourceClaim: request neither',
  'ValidatingAdmissionPolicy: expression wrong',
  'ValidatingAdmissionPolicy: undeclared variable',
  'ValidatingWebhookConfiguration: matchCondition wrong',
]

function matchesRow(row: Row): boolean | undefined {
  const causes = causesOf(row)
  if (causes === undefined) return undefined
  const wanted = row.response.details.causes.map(({ reason, field, message }: Tree) => [
    reason,
    field,
    message.split('\n@@')[0],
  ])
  return (
    JSON.stringify(causes.map(({ reason, field, message }: Tree) => [reason, field, message])) ===
    JSON.stringify(wanted)
  )
}

const judged = refused
  .filter(({ name }) => !elsewhere.test(name))
  .map((row) => ({ row, matches: matchesRow(row) }))
  .filter(({ matches }) => matches !== undefined)

describe('an object that breaks a rule is refused with the causes of a real API server', () => {
  it.each(judged.filter(({ row }) => !notYet.includes(row.name)).map(({ row }) => row))('$name', (row) => {
    const wanted = row.response.details.causes.map((cause: Tree) => ({
      ...cause,
      message: cause.message.split('\n@@')[0],
    }))
    expect(causesOf(row)).toEqual(wanted)
  })

  it('and no more rows than those known are left', () => {
    expect(
      judged
        .filter(({ matches }) => !matches)
        .map(({ row }) => row.name)
        .toSorted(),
    ).toEqual(notYet.toSorted())
  })
})

describe('an object that a real API server takes breaks no rule', () => {
  const accepted: { case: string; sent: Tree }[] = readFacts('kubernetes-1.34/defaults.json')
  it.each(
    accepted.filter(({ sent }) => builtinOfKind(sent.apiVersion, sent.kind) && !/Review$|TokenRequest/.test(sent.kind)),
  )('$case', ({ sent }) => {
    const resource = builtinOfKind(sent.apiVersion, sent.kind)
    if (resource === undefined) throw new Error(sent.kind)
    expect(
      validate(
        resource,
        created(
          resource,
          { ...sent, metadata: { ...sent.metadata, name: sent.metadata.name ?? 'x' } },
          resource.namespaced ? 'facts-d' : undefined,
        ),
      ),
    ).toEqual([])
  })
})

it('what patches left in a real API server breaks no rule, alone or as a change of what was there', () => {
  interface Merge {
    name: string
    before: Tree
    result: Tree
    unchanged: boolean
  }
  const merges: Merge[] = JSON.parse(
    JSON.stringify(readFacts('kubernetes-1.34/merges.json'))
      .replaceAll(/<(uid-\d|rnd)>/g, 'uid-1')
      .replaceAll(/<clusterIP-\d>/g, '10.96.0.9')
      .replaceAll(/"<nodePort-\d>"/g, '30080'),
  )
  const wrong = merges.flatMap(({ name, before, result }) => {
    const resource = builtinOfKind(result.apiVersion ?? '', result.kind ?? '')
    if (resource === undefined || result.kind === 'Scale') return []
    const old = before?.kind === result.kind ? before : undefined
    const causes = validate(resource, result, old)
    return causes.length > 0 ? [[name, causes]] : []
  })
  expect(wrong).toEqual([])
})
