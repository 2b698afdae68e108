import { apiVersionOf, badRequest, type KubeObject, type NewObject } from '../../kubernetes/index.ts'
import { checkFields, type ServedResource } from '../../schema/index.ts'
import type { ScalePaths } from '../custom-resources.ts'
import { decodeObject, readBody } from '../http/body.ts'
import { methodNotAllowed, type Call, type Server } from '../http/call.ts'
import { patchType, readPatch, patchedObject } from '../http/patch.ts'
import { keyOfCall } from '../http/read.ts'
import { respond } from '../http/respond.ts'
import { existing, refuseOtherName, storedResource, writeContext } from '../http/write.ts'
import { update } from '../write/update.ts'

const builtinPaths: ScalePaths = {
  specReplicasPath: '.spec.replicas',
  statusReplicasPath: '.status.replicas',
  labelSelectorPath: '.status.selector',
}
const scaleResource = { group: 'autoscaling', version: 'v1', kind: 'Scale' }

/** The number of replicas, seen as an object of its own: `GET`, `PUT` and `PATCH …/scale`. */
export async function scale(server: Server, resource: ServedResource, call: Call): Promise<void> {
  const { kernel } = server
  const paths = kernel.customs.scale(resource) ?? builtinPaths
  const answer = (object: KubeObject): Promise<void> =>
    respond(call, { body: `${JSON.stringify(scaleOf(resource, object, paths))}\n` })
  const object = existing(kernel, resource, call)
  if (call.info.verb === 'get') return answer(object)
  if (call.info.verb !== 'update' && call.info.verb !== 'patch') throw methodNotAllowed()
  const context = writeContext(call, call.info.verb === 'patch' ? 'PatchOptions' : 'UpdateOptions')
  const next = call.info.verb === 'patch' ? await patcher(server, resource, call, paths) : await replacer(call)
  const change = (current: KubeObject): NewObject => {
    const wanted = next(current)
    refuseOtherName(wanted, call)
    const { typeError } = checkFields(scaleResource, wanted)
    if (typeError !== undefined) throw badRequest(`Scale in version "v1" cannot be handled as a Scale: ${typeError}`)
    const changed: NewObject = structuredClone(current)
    setPath(changed, paths.specReplicasPath, wanted['spec']?.replicas ?? 0)
    if (wanted.metadata.resourceVersion) changed.metadata.resourceVersion = wanted.metadata.resourceVersion
    return changed
  }
  await answer(await update(kernel, storedResource(kernel, resource), keyOfCall(resource, call), { change }, context))
}

type Next = (current: KubeObject) => NewObject

async function replacer(call: Call): Promise<Next> {
  const { object } = decodeObject(await readBody(call.request), call.request.headers['content-type'], 'Scale')
  if (object.kind && object.kind !== 'Scale') {
    const version = object.apiVersion.split('/').at(-1)
    throw badRequest(
      `${object.kind} in version "${version}" cannot be handled as a Scale: converting (${version}.${object.kind}) to (autoscaling.Scale): unknown conversion`,
    )
  }
  object.metadata ??= {}
  return () => object
}

async function patcher({ kernel }: Server, resource: ServedResource, call: Call, paths: ScalePaths): Promise<Next> {
  const type = patchType(call, false)
  const patch = readPatch(type, await readBody(call.request))
  const context = writeContext(call, 'PatchOptions')
  return (current) => patchedObject(kernel, resource, type, scaleOf(resource, current, paths), patch, context)
}

function scaleOf(resource: ServedResource, object: KubeObject, paths: ScalePaths): KubeObject {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata
  const labels = (object['spec']?.selector?.matchLabels ?? object['spec']?.selector) as
    Record<string, string> | undefined
  const selector = resource.order < 0 ? getPath(object, paths.labelSelectorPath ?? '') : labels && selectorText(labels)
  return {
    kind: 'Scale',
    apiVersion: apiVersionOf(scaleResource),
    metadata: { name, ...(namespace && { namespace }), uid, resourceVersion, creationTimestamp },
    spec: { ...optional('replicas', getPath(object, paths.specReplicasPath)) },
    status: { replicas: getPath(object, paths.statusReplicasPath) ?? 0, ...optional('selector', selector) },
  }
}

const optional = (name: string, value: unknown): Record<string, unknown> =>
  value === undefined || value === 0 ? {} : { [name]: value }

function selectorText(labels: Record<string, string>): string {
  return Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .sort()
    .join(',')
}

const steps = (path: string): string[] => path.split('.').filter((step) => step !== '')

function getPath(object: unknown, path: string): unknown {
  return steps(path).reduce<unknown>((value, step) => (value as Record<string, unknown> | undefined)?.[step], object)
}

function setPath(object: NewObject, path: string, value: unknown): void {
  const parts = steps(path)
  const last = parts.pop() ?? ''
  let holder = object as Record<string, unknown>
  for (const part of parts) holder = (holder[part] ??= {}) as Record<string, unknown>
  holder[last] = value
}
