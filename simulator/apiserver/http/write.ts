import { ApiError, badRequest, invalid, notFound, type KubeObject, type NewObject } from '../../kubernetes/index.ts'
import { apiVersionOf } from '../../kubernetes/index.ts'
import { copyTree, type ServedResource } from '../../schema/index.ts'
import { storageName } from '../catalog.ts'
import type { Kernel, WriteContext } from '../kernel.ts'
import { checkBody } from './field-validation.ts'
import { toServed, toStored } from '../versions.ts'
import { create } from '../write/create.ts'
import { remove, type DeleteOptions } from '../write/remove.ts'
import { isCustom } from '../write/strategy.ts'
import { update } from '../write/update.ts'
import { decodeObject, readBody } from './body.ts'
import type { Call } from './call.ts'
import { readListOptions } from './list-options.ts'
import { keyOfCall, representContext, respondObject, selectObjects } from './read.ts'
import { representList } from './represent.ts'
import { respond } from './respond.ts'

type OptionsKind = 'CreateOptions' | 'UpdateOptions' | 'PatchOptions' | 'DeleteOptions'

/** How a write is to be done, from the query; 422 when a value is none of those that are known. */
export function writeContext(call: Call, kind: OptionsKind): WriteContext {
  const { query } = call
  const refuse = (field: string, message: string, reason = 'FieldValueNotSupported'): never => {
    throw invalid({ group: 'meta.k8s.io', kind }, '', [{ reason, message, field }])
  }
  const dryRun = query.getAll('dryRun')
  if (dryRun.some((value) => value !== 'All'))
    refuse('dryRun', `Unsupported value: ${JSON.stringify(dryRun)}: supported values: "All"`)
  const validation = query.get('fieldValidation') || 'Warn'
  if (validation !== 'Strict' && validation !== 'Warn' && validation !== 'Ignore')
    return refuse(
      'fieldValidation',
      `Unsupported value: ${JSON.stringify(validation)}: supported values: "", "Ignore", "Strict", "Warn"`,
    )
  const manager = query.get('fieldManager') ?? ''
  const unprintable = manager.split('').findIndex((character) => /[^\P{C} ]/u.test(character))
  if (unprintable >= 0) {
    const code = (manager.codePointAt(unprintable) ?? 0).toString(16).toUpperCase().padStart(4, '0')
    refuse(
      'fieldManager',
      `Invalid value: ${goQuote(manager)}: invalid character U+${code} (at position ${unprintable})`,
      'FieldValueInvalid',
    )
  }
  if (manager.length > 128) refuse('fieldManager', `Too long: may not be more than 128 bytes`, 'FieldValueTooLong')
  const { subresource } = call.info.resource ?? {}
  return {
    user: call.user,
    manager: manager || defaultManager(call),
    dryRun: dryRun.length > 0,
    fieldValidation: validation,
    warn: (text) => void (call.warnings.includes(text) || call.warnings.push(text)),
    ...(subresource !== undefined && { subresource }),
  }
}

/** As Go prints a text with control characters. */
function goQuote(text: string): string {
  const short: Record<string, string> = {
    '\u0007': '\\a',
    '\b': '\\b',
    '\f': '\\f',
    '\n': '\\n',
    '\r': '\\r',
    '\t': '\\t',
    '\v': '\\v',
  }
  const escaped = text.replaceAll(
    /[\u0000-\u001f\u007f]/g,
    (each) => short[each] ?? `\\x${each.charCodeAt(0).toString(16).padStart(2, '0')}`,
  )
  return `"${escaped}"`
}

/** As the API server names a writer that does not say: the user agent up to its first slash. */
function defaultManager(call: Call): string {
  return (call.request.headers['user-agent'] ?? '').split('/')[0]?.slice(0, 128) || 'unknown'
}

/** The resource whose objects lie in storage: that of the stored version. */
export function storedResource(kernel: Kernel, resource: ServedResource): ServedResource {
  return kernel.catalog.named(storageName(resource)) ?? resource
}

/** Reads, checks and converts the object of a create or replace. */
export async function readObject(
  kernel: Kernel,
  resource: ServedResource,
  call: Call,
  context: WriteContext,
): Promise<NewObject> {
  const decoded = decodeObject(await readBody(call.request), call.request.headers['content-type'], resource.kind)
  const { object } = decoded
  object.kind ||= resource.kind
  object.apiVersion ||= apiVersionOf(resource)
  refuseOtherKind(kernel, resource, object)
  object.metadata ??= {}
  checkBody(kernel, resource, decoded, context)
  return toStored(storedResource(kernel, resource), object)
}

function refuseOtherKind(kernel: Kernel, resource: ServedResource, object: NewObject): void {
  const expected = apiVersionOf(resource)
  if (object.kind === resource.kind && object.apiVersion === expected) return
  if (object.apiVersion.split('/').length > 2)
    throw badRequest(
      `the object provided is unrecognized (must be of type ${resource.kind}): unexpected GroupVersion string: ${object.apiVersion}`,
    )
  if (object.apiVersion !== expected)
    throw badRequest(
      `the API version in the data (${object.apiVersion}) does not match the expected API version (${expected})`,
    )
  const version = object.apiVersion.split('/').at(-1) ?? ''
  const head = `${object.kind} in version "${version}" cannot be handled as a ${resource.kind}`
  if (kernel.catalog.ofKind(object.apiVersion, object.kind) === undefined)
    throw badRequest(
      `${head}: no kind "${object.kind}" is registered for version "${object.apiVersion}" in scheme "pkg/runtime/scheme.go:110"`,
    )
  const internal = resource.group === '' ? 'core' : resource.group.split('.')[0]
  throw badRequest(
    `${head}: converting (${version}.${object.kind}) to (${internal}.${resource.kind}): unknown conversion`,
  )
}

export async function createObject(kernel: Kernel, resource: ServedResource, call: Call): Promise<void> {
  representContext(kernel, call)
  const context = writeContext(call, 'CreateOptions')
  const object = await readObject(kernel, resource, call, context)
  const stored = storedResource(kernel, resource)
  const made = await create(kernel, stored, call.info.resource?.namespace, object, context)
  await respondObject(kernel, resource, call, made, 201)
}

export async function replaceObject(kernel: Kernel, resource: ServedResource, call: Call): Promise<void> {
  representContext(kernel, call)
  const context = writeContext(call, 'UpdateOptions')
  const object = await readObject(kernel, resource, call, context)
  refuseOtherName(object, call)
  const key = keyOfCall(resource, call)
  const stored = storedResource(kernel, resource)
  // A PUT creates what may be created without a name of the server's making: only a few kinds allow that.
  const absent = kernel.store.get(storageName(resource), key) === undefined
  if (
    absent &&
    ['Lease', 'Role', 'ClusterRole', 'Event', 'Endpoints'].includes(resource.kind) &&
    !context.subresource &&
    !object.metadata.resourceVersion &&
    !isCustom(resource)
  ) {
    const made = await create(kernel, stored, call.info.resource?.namespace, object, context)
    return respondObject(kernel, resource, call, made, 201)
  }
  if (isCustom(resource) && !object.metadata.resourceVersion && !absent)
    throw invalid({ group: resource.group, kind: resource.kind }, object.metadata.name ?? '', [
      {
        reason: 'FieldValueInvalid',
        message: 'Invalid value: 0: must be specified for an update',
        field: 'metadata.resourceVersion',
      },
    ])
  const changed = await update(kernel, stored, key, { change: () => copyTree(object) }, context)
  await respondObject(kernel, resource, call, changed)
}

/** The name in the body must be that of the URL. */
export function refuseOtherName(object: NewObject, call: Call): void {
  const { name = '', namespace } = call.info.resource ?? {}
  if (!object.metadata.name)
    throw badRequest(`the name of the object (${name} based on URL) was undeterminable: name must be provided`)
  if (object.metadata.name !== name)
    throw badRequest(`the name of the object (${object.metadata.name}) does not match the name on the URL (${name})`)
  if (object.metadata.namespace && namespace && object.metadata.namespace !== namespace)
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request')
}

/** Options of a DELETE: from the body, or from the query when there is none. */
async function readDeleteOptions(call: Call): Promise<DeleteOptions & { dryRun?: string[] }> {
  const body = await readBody(call.request)
  if (body.length > 0) {
    const { object } = decodeObject(body, call.request.headers['content-type'], 'DeleteOptions')
    if (object.kind && object.kind !== 'DeleteOptions')
      throw new ApiError(
        500,
        '',
        `no kind "${object.kind}" is registered for version "${object.apiVersion}" in scheme "pkg/runtime/scheme.go:110"`,
      )
    return object as unknown as DeleteOptions & { dryRun?: string[] }
  }
  const { query } = call
  const grace = query.get('gracePeriodSeconds')
  if (grace !== null && !/^-?\d+$/.test(grace))
    throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(grace)}: invalid syntax`)
  const policy = query.get('propagationPolicy')
  return {
    ...(grace !== null && { gracePeriodSeconds: Number(grace) }),
    ...(policy !== null && { propagationPolicy: policy as 'Background' }),
    ...(query.has('dryRun') && { dryRun: query.getAll('dryRun') }),
  }
}

function checkDeleteOptions(options: DeleteOptions & { dryRun?: string[] }): void {
  const refuse = (field: string, message: string): never => {
    throw invalid({ group: 'meta.k8s.io', kind: 'DeleteOptions' }, '', [
      { reason: 'FieldValueNotSupported', message, field },
    ])
  }
  const policy = options.propagationPolicy
  if (policy && !['Background', 'Foreground', 'Orphan'].includes(policy))
    refuse(
      'propagationPolicy',
      `Unsupported value: ${JSON.stringify(policy)}: supported values: "Background", "Foreground", "Orphan", "nil"`,
    )
  if (options.dryRun?.some((value) => value !== 'All'))
    refuse('dryRun', `Unsupported value: ${JSON.stringify(options.dryRun)}: supported values: "All"`)
}

/** Kinds that answer a DELETE with the object itself, not with a Status. */
const answersWithObject = new Set([
  'Pod',
  'Service',
  'ServiceAccount',
  'Namespace',
  'CustomResourceDefinition',
  'PersistentVolume',
  'PersistentVolumeClaim',
  'PodTemplate',
  'ResourceQuota',
  'StorageClass',
  'VolumeAttachment',
  'CSINode',
  'CSIDriver',
])

export async function deleteObject(kernel: Kernel, resource: ServedResource, call: Call): Promise<void> {
  const options = await readDeleteOptions(call)
  checkDeleteOptions(options)
  const context = { ...writeContext(call, 'DeleteOptions'), dryRun: (options.dryRun?.length ?? 0) > 0 }
  const { object, gone } = await remove(
    kernel,
    storedResource(kernel, resource),
    keyOfCall(resource, call),
    options,
    context,
  )
  const asObject = !gone || (answersWithObject.has(resource.kind) && !isCustom(resource))
  if (asObject) return respondObject(kernel, resource, call, object)
  const { name, uid } = object.metadata
  const details = { name, ...(resource.group && { group: resource.group }), kind: resource.plural, uid }
  await respond(call, {
    body: `${JSON.stringify({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details })}\n`,
  })
}

export async function deleteCollection(kernel: Kernel, resource: ServedResource, call: Call): Promise<void> {
  const representation = representContext(kernel, call)
  const options = await readDeleteOptions(call)
  checkDeleteOptions(options)
  const context = { ...writeContext(call, 'DeleteOptions'), dryRun: (options.dryRun?.length ?? 0) > 0 }
  const list = readListOptions(call.query, resource, false)
  const found = selectObjects(kernel, resource, call.info.resource?.namespace, list)
  const stored = storedResource(kernel, resource)
  const removed: KubeObject[] = []
  for (const object of found) {
    const { namespace, name } = object.metadata
    try {
      removed.push(
        (await remove(kernel, stored, resource.namespaced ? `${namespace}/${name}` : name, options, context)).object,
      )
    } catch (error) {
      // Somebody else was faster: that is as good.
      if (!(error instanceof ApiError && error.reason === 'NotFound')) throw error
    }
  }
  const body = representList(resource, removed, { resourceVersion: String(kernel.store.revision) }, representation)
  await respond(call, { body })
}

export function existing(kernel: Kernel, resource: ServedResource, call: Call): KubeObject {
  const object = kernel.store.get(storageName(resource), keyOfCall(resource, call))
  if (object === undefined) throw notFound(resource, call.info.resource?.name ?? '')
  return toServed(resource, object)
}
