import { ApiError, badRequest, invalid, notFound, type KubeObject, type NewObject } from '../../kubernetes/index.ts'
import { apiVersionOf } from '../../kubernetes/index.ts'
import {
  copyTree,
  invalidError,
  jsonPatch,
  mergePatch,
  strategicMergePatch,
  type ServedResource,
} from '../../schema/index.ts'
import { storageName } from '../catalog.ts'
import type { Kernel, WriteContext } from '../kernel.ts'
import { checkPatched } from './field-validation.ts'
import { toServed, toStored } from '../versions.ts'
import { apply } from '../write/apply.ts'
import { isCustom } from '../write/strategy.ts'
import { update } from '../write/update.ts'
import { parseYaml, readBody } from './body.ts'
import type { Call } from './call.ts'
import { keyOfCall, representContext, respondObject } from './read.ts'
import { refuseOtherName, storedResource, writeContext } from './write.ts'

export type PatchType = 'json' | 'merge' | 'strategic' | 'apply'

const types: Record<string, PatchType> = {
  'application/json-patch+json': 'json',
  'application/merge-patch+json': 'merge',
  'application/strategic-merge-patch+json': 'strategic',
  'application/apply-patch+yaml': 'apply',
}

export async function patchObject(kernel: Kernel, resource: ServedResource, call: Call): Promise<void> {
  representContext(kernel, call)
  const type = patchType(call, isCustom(resource))
  const context = writeContext(call, 'PatchOptions')
  checkPatchOptions(call, type)
  const body = await readBody(call.request)
  const stored = storedResource(kernel, resource)
  const key = keyOfCall(resource, call)
  if (type === 'apply') {
    const wanted = readApplied(resource, call, body)
    const force = ['true', '1'].includes(call.query.get('force') ?? '')
    const { object, created } = await apply(kernel, stored, key, toStored(stored, wanted), { force }, context)
    return respondObject(kernel, resource, call, object, created ? 201 : 200)
  }
  const patch = readPatch(type, body)
  if (kernel.store.get(storageName(resource), key) === undefined)
    throw notFound(resource, call.info.resource?.name ?? '')
  const change = (current: KubeObject): NewObject => {
    const patched = patchedObject(kernel, resource, type, toServed(resource, current), patch, context)
    refuseOtherName(patched, call)
    refuseOtherUid(resource, patched, current)
    return toStored(stored, patched)
  }
  await respondObject(kernel, resource, call, await update(kernel, stored, key, { change }, context))
}

/** What kind of patch the request carries; 415 when it is none that the resource takes. */
export function patchType(call: Call, custom: boolean): PatchType {
  const contentType = (call.request.headers['content-type'] ?? '').split(';')[0]?.trim() ?? ''
  const type = types[contentType]
  if (type === undefined) throw new ApiError(415, 'UnsupportedMediaType', '415: Unsupported Media Type', {})
  if (type !== 'strategic' || !custom) return type
  const accepted = Object.keys(types)
    .filter((each) => types[each] !== 'strategic')
    .join(', ')
  throw new ApiError(
    415,
    'UnsupportedMediaType',
    `the body of the request was in an unknown format - accepted media types include: ${accepted}`,
  )
}

function checkPatchOptions(call: Call, type: PatchType): void {
  const refuse = (reason: string, message: string, field: string): never => {
    throw invalid({ group: 'meta.k8s.io', kind: 'PatchOptions' }, '', [{ reason, message, field }])
  }
  if (type === 'apply' && !call.query.get('fieldManager'))
    refuse('FieldValueRequired', 'Required value: is required for apply patch', 'fieldManager')
  if (type !== 'apply' && call.query.has('force'))
    refuse('FieldValueForbidden', 'Forbidden: may not be specified for non-apply patch', 'force')
}

function refuseOtherUid({ group, kind }: ServedResource, { metadata }: NewObject, current: KubeObject): void {
  if (metadata.uid === undefined || metadata.uid === current.metadata.uid) return
  const cause = {
    reason: 'FieldValueInvalid',
    message: `Invalid value: ${JSON.stringify(metadata.uid)}: field is immutable`,
    field: 'metadata.uid',
  }
  throw invalidError({ group, kind }, current.metadata.name, [cause, cause])
}

/** What a body holds that is applied: YAML, of which JSON is a part. */
function readApplied(resource: ServedResource, call: Call, body: Buffer): NewObject {
  const value = parseYaml(body.toString())
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    const found = Array.isArray(value) ? 'array' : typeof value
    throw badRequest(
      `error decoding YAML: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal ${found} into Go value of type map[string]interface {}`,
    )
  }
  const object = value as NewObject
  const [group, version] = object.apiVersion?.includes('/')
    ? object.apiVersion.split('/')
    : ['', object.apiVersion ?? '']
  if (!version || !object.kind) throw badRequest(`invalid object type: ${group}/${version}, Kind=${object.kind ?? ''}`)
  if (object.kind !== resource.kind || object.apiVersion !== apiVersionOf(resource)) {
    const wanted = `${resource.group}/${resource.version}, Kind=${resource.kind}`
    throw badRequest(`invalid object type: ${group}/${version}, Kind=${object.kind} (expected ${wanted})`)
  }
  object.metadata ??= {}
  object.metadata.name ||= call.info.resource?.name ?? ''
  if (object.metadata.managedFields?.length) throw badRequest('metadata.managedFields must be nil')
  refuseOtherName(object, call)
  return object
}

export function readPatch(type: PatchType, body: Buffer): unknown {
  const fail = (why: string): ApiError => badRequest(type === 'strategic' ? why : `error decoding patch: ${why}`)
  let value: unknown
  try {
    value = JSON.parse(body.toString())
  } catch (error) {
    // YAML is taken for the patches that are maps.
    if (type === 'json' || /^\s*[[{]/.test(body.toString()) || body.length === 0)
      throw fail('unexpected end of JSON input')
    value = parseYaml(body.toString())
    if (typeof value !== 'object') throw error
  }
  if (type !== 'json' && (typeof value !== 'object' || value === null || Array.isArray(value))) {
    const found = Array.isArray(value) ? 'array' : value === null ? 'null' : typeof value
    throw fail(`json: cannot unmarshal ${found} into Go value of type map[string]interface {}`)
  }
  if (type === 'json' && !Array.isArray(value)) {
    const found = typeof value === 'object' ? 'object' : typeof value
    throw fail(`json: cannot unmarshal ${found} into Go value of type jsonpatch.Patch`)
  }
  return value
}

export function patchedObject(
  kernel: Kernel,
  resource: ServedResource,
  type: PatchType,
  current: KubeObject,
  patch: unknown,
  context: WriteContext,
): NewObject {
  // What a patch leaves alone is still the stored object's, and frozen.
  const patched = copyTree(patchWith(type, current, patch))
  patched.metadata ??= {}
  if (patched.kind !== 'Scale') checkPatched(kernel, resource, { patched, patch, type }, context)
  return patched
}

function patchWith(type: PatchType, current: KubeObject, patch: unknown): NewObject {
  if (type === 'json') return jsonPatch(current, patch as Parameters<typeof jsonPatch>[1]) as NewObject
  if (type === 'merge') return mergePatch(current, patch) as NewObject
  return strategicMergePatch(current, current, patch) as NewObject
}
