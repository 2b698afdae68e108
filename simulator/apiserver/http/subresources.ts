import type { ServedResource } from '../../schema/index.ts'
import type { Call } from './call.ts'
import type { Server } from './handle.ts'
import { methodNotAllowed } from './handle.ts'
import { getObject } from './read.ts'
import { patchObject } from './patch.ts'
import { replaceObject } from './write.ts'

type Handler = (server: Server, resource: ServedResource, call: Call) => void | Promise<void>

const ofObject: Handler = ({ kernel }, resource, call) => {
  if (call.info.verb === 'get') return getObject(kernel, resource, call)
  if (call.info.verb === 'update') return replaceObject(kernel, resource, call)
  if (call.info.verb === 'patch') return patchObject(kernel, resource, call)
  throw methodNotAllowed()
}

export const subresources: Record<string, Handler> = {
  status: ofObject,
  finalize: ofObject,
  approval: ofObject,
  ephemeralcontainers: ofObject,
  resize: ofObject,
}
