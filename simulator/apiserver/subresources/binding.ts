import { ApiError, badRequest } from '../../kubernetes/index.ts'
import type { ServedResource } from '../../schema/index.ts'
import { decodeObject, readBody } from '../http/body.ts'
import type { Call, Server } from '../http/call.ts'
import { respond } from '../http/respond.ts'
import { writeContext } from '../http/write.ts'
import { bind } from '../write/binding.ts'

/** `POST …/pods/NAME/binding`, as schedulers outside of the cluster do it. */
export async function postBinding({ kernel }: Server, _resource: ServedResource, call: Call): Promise<void> {
  const { object: binding } = decodeObject(
    await readBody(call.request),
    call.request.headers['content-type'],
    'Binding',
  )
  const { name, namespace = 'default' } = call.info.resource ?? {}
  binding.metadata ??= {}
  if (binding.metadata.name && binding.metadata.name !== name)
    throw badRequest('name in URL does not match name in Binding object')
  const kind = binding['target']?.kind as string | undefined
  if (kind && kind !== 'Node')
    throw new ApiError(
      500,
      '',
      `target.kind: Unsupported value: ${JSON.stringify(kind)}: supported values: "Node", "<empty>"`,
    )
  await bind(
    kernel,
    { ...binding, metadata: { ...binding.metadata, name: name ?? '', namespace } },
    writeContext(call, 'CreateOptions'),
  )
  await respond(call, {
    status: 201,
    body: `${JSON.stringify({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 })}\n`,
  })
}
