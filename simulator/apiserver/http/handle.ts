import type { IncomingMessage, ServerResponse } from 'node:http'
import { ApiError, forbidden, type User } from '../../kubernetes/index.ts'
import type { ServedResource } from '../../schema/index.ts'
import type { Kernel } from '../kernel.ts'
import { methodNotAllowed, type Call, type Server } from './call.ts'
import { discoverGroup, discoverGroups, discoverResources } from './discovery.ts'
import { impersonate, ImpersonationError } from './impersonate.ts'
import { openApiPage } from './openapi.ts'
import { getObject, listObjects } from './read.ts'
import { readRequestInfo, type RequestInfo } from './request-info.ts'
import { respondError, respondText } from './respond.ts'
import { review, reviewKinds } from './reviews.ts'
import { statusPage } from './status-pages.ts'
import { subresources } from '../subresources/index.ts'
import { watchObjects } from './watch.ts'
import { createObject, deleteCollection, deleteObject, replaceObject } from './write.ts'
import { patchObject } from './patch.ts'

type Handler = (kernel: Kernel, resource: ServedResource, call: Call) => void | Promise<void>

const verbs: Record<string, Handler> = {
  get: getObject,
  list: listObjects,
  watch: watchObjects,
  create: createObject,
  update: replaceObject,
  patch: patchObject,
  delete: deleteObject,
  deletecollection: deleteCollection,
}

/** Answers one request, whatever happens. */
export async function handle(
  server: Server,
  request: IncomingMessage,
  response: ServerResponse,
  upgrade?: Call['upgrade'],
): Promise<void> {
  const [path = '/', search = ''] = (request.url ?? '/').split('?', 2)
  const call: Call = {
    request,
    response,
    query: new URLSearchParams(search),
    info: { path, verb: '' },
    user: { name: '', groups: [] },
    warnings: [],
    ...(upgrade && { upgrade }),
  }
  try {
    admit(server, call)
    await route(server, call)
  } catch (error) {
    if (error instanceof ImpersonationError) await respondText(call, 500, error.message)
    else if (!response.headersSent) await respondError(call, error)
    else response.destroy()
    // What is left of a body must be read, or the connection cannot be used again.
    request.resume()
  }
}

/** Finds out who asks for what, and refuses what they may not. */
export function admit(server: Server, call: Call): void {
  const { request } = call
  const { authorizer } = server.identity
  call.user = server.authenticator.user(request)
  call.info = readRequestInfo(request.method ?? 'GET', call.info.path, call.query)
  call.user = impersonate(call.user, request.headers, call.info.path, authorizer)
  const { resource, verb, path } = call.info
  const { allowed, reason } = authorizer.decide({ user: call.user, verb, ...(resource ? { resource } : { path }) })
  if (!allowed) throw refusal(call.user, call.info, reason)
}

function refusal(user: User, { resource, verb, path }: RequestInfo, reason: string): ApiError {
  const because = reason && `: ${reason}`
  if (resource === undefined)
    return new ApiError(403, 'Forbidden', `forbidden: User "${user.name}" cannot ${verb} path "${path}"${because}`, {})
  const { group, plural, subresource, namespace, name = '' } = resource
  const what = subresource ? `${plural}/${subresource}` : plural
  const where = namespace ? `in the namespace "${namespace}"` : 'at the cluster scope'
  return forbidden(
    resource,
    name,
    `User "${user.name}" cannot ${verb} resource "${what}" in API group "${group}" ${where}${because}`,
  )
}

const deprecations: Record<string, string> = {
  '/v1/endpoints': 'v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice',
  '/v1/componentstatuses': 'v1 ComponentStatus is deprecated in v1.19+',
}

const notServed = (): ApiError => new ApiError(404, 'NotFound', 'the server could not find the requested resource', {})
async function route(server: Server, call: Call): Promise<void> {
  const { kernel } = server
  const { resource } = call.info
  if (resource === undefined) return otherPath(server, call)
  const served = kernel.catalog.at(resource.group, resource.version, resource.plural)
  if (served === undefined) {
    if (resource.group !== '' && !kernel.catalog.hasGroupVersion(resource.group, resource.version))
      return respondText(call, 404, '404 page not found\n')
    throw notServed()
  }
  if (served.namespaced ? resource.namespace === undefined && resource.name !== undefined : isMisplaced(resource))
    throw notServed()
  const deprecation = deprecations[`${resource.group}/${resource.version}/${resource.plural}`]
  if (deprecation) call.warnings.push(deprecation)
  if (resource.subresource !== undefined) {
    const subresource = served.subresources.find((each) => each.name === resource.subresource)
    const handler = subresources[resource.subresource]
    if (subresource === undefined || handler === undefined) throw notServed()
    if (!subresource.verbs.includes(call.info.verb) && call.info.verb !== 'watch') throw methodNotAllowed()
    return handler(server, served, call)
  }
  const handler = verbs[call.info.verb]
  const placed = call.info.verb !== 'create' || !served.namespaced || resource.namespace !== undefined
  const named =
    (resource.name === undefined) === ['list', 'create', 'deletecollection', 'watch'].includes(call.info.verb) ||
    call.info.verb === 'watch'
  if (
    handler === undefined ||
    !placed ||
    !named ||
    !served.verbs.includes(call.info.verb) ||
    call.request.method === 'HEAD'
  )
    throw methodNotAllowed()
  if (reviewKinds.has(served.kind) && call.info.verb === 'create') return review(kernel, served, call, server.identity)
  await handler(kernel, served, call)
}

/** A namespace is a resource and a place: `/namespaces/x` names it. */
function isMisplaced({ plural, namespace }: { plural: string; namespace: string | undefined }): boolean {
  return namespace !== undefined && plural !== 'namespaces'
}

async function otherPath(server: Server, call: Call): Promise<void> {
  const { kernel } = server
  const [first = '', group = '', version = '', ...rest] = call.info.path.split('/').slice(1)
  if (first === 'api' && group === '') return discoverGroups(kernel, call, true)
  if (first === 'apis' && group === '') return discoverGroups(kernel, call, false)
  if (first === 'api' && version === '' && (await discoverResources(kernel, call, '', group))) return
  if (first === 'apis' && version === '' && (await discoverGroup(kernel, call, group))) return
  if (
    first === 'apis' &&
    rest.join('') === '' &&
    version !== '' &&
    (await discoverResources(kernel, call, group, version))
  )
    return
  if (await statusPage(kernel, call)) return
  if (await openApiPage(kernel, call)) return
  if (first === 'api' && group !== 'v1' && group !== '') throw notServed()
  await respondText(call, 404, '404 page not found\n')
}
