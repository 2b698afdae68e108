import type { ServedResource } from '../../schema/index.ts'
import { methodNotAllowed, type Call, type Server } from '../http/call.ts'
import { patchObject } from '../http/patch.ts'
import { getObject } from '../http/read.ts'
import { replaceObject } from '../http/write.ts'
import { attachSession, execSession } from '../streams/exec.ts'
import { portForward } from '../streams/port-forward.ts'
import { postBinding } from './binding.ts'
import { evict } from './eviction.ts'
import { readLog } from './log.ts'
import { scale } from './scale.ts'
import { requestToken } from './token.ts'

type Handler = (server: Server, resource: ServedResource, call: Call) => void | Promise<void>

/** A part of the object itself, read and written with its rules: only that part changes. */
const part: Handler = ({ kernel }, resource, call) => {
  if (call.info.verb === 'get') return getObject(kernel, resource, call)
  if (call.info.verb === 'update') return replaceObject(kernel, resource, call)
  if (call.info.verb === 'patch') return patchObject(kernel, resource, call)
  throw methodNotAllowed()
}

/** What answers `…/NAME/SUBRESOURCE`; those that are absent are not served (pods/proxy: there is no way in for a plain request). */
export const subresources: Record<string, Handler> = {
  approval: part,
  attach: attachSession,
  binding: postBinding,
  ephemeralcontainers: part,
  eviction: evict,
  exec: execSession,
  finalize: part,
  log: readLog,
  portforward: portForward,
  resize: part,
  scale,
  status: part,
  token: requestToken,
}
