import { Hono, type Context } from 'hono'
import * as v from 'valibot'
import { LabwrightError } from '../../protocol/errors/error.ts'
import { provisionerError } from '../../protocol/errors/provisioner.ts'
import {
  clusterId,
  createOrder,
  probeOrder,
  toolboxOrder,
  type ProvisionerFailure,
} from '../../protocol/provisioner.ts'
import type { Provisioner } from './provisioner.ts'

/** The provisioner's protocol (protocol/provisioner.ts) over a provisioner. `digest`: what it was started with, in a word. */
export function provisionerApp(
  provisioner: Provisioner,
  log: (error: unknown, about: string) => void,
  digest?: string,
): Hono {
  const app = new Hono()
  app.onError((error, c) => {
    if (!(error instanceof LabwrightError) || error.cause !== undefined) log(error, `${c.req.method} ${c.req.path}`)
    const { code, message, status, details } =
      error instanceof LabwrightError ? error : { code: 'INTERNAL', message: error.message, status: 500, details: {} }
    return c.json({ code, sentence: message, details } satisfies ProvisionerFailure, status as 500)
  })
  app.get('/healthz', (c) =>
    c.json({ pid: process.pid, clusters: provisioner.held, isBusy: provisioner.isBusy, digest }),
  )
  app.get('/clusters', (c) => c.json(provisioner.list()))
  app.post('/clusters', async (c) => c.json(await provisioner.create(await body(c, createOrder), c.req.raw.signal)))
  app.get('/clusters/:id', (c) => c.json(provisioner.find(idOf(c))))
  app.delete('/clusters/:id', async (c) => {
    await provisioner.delete(idOf(c))
    return c.body(null, 204)
  })
  app.post('/clusters/:id/reset', async (c) => c.json(await provisioner.reset(idOf(c))))
  app.post('/clusters/:id/keep', async (c) => c.json(await provisioner.keep(idOf(c))))
  app.post('/clusters/:id/pause', async (c) => c.json(await provisioner.pause(idOf(c))))
  app.post('/clusters/:id/resume', async (c) => c.json(await provisioner.resume(idOf(c))))
  app.post('/clusters/:id/probe', async (c) => {
    const result = await provisioner.probe(idOf(c), await body(c, probeOrder), c.req.raw.signal)
    return c.json(result, 'refusal' in result ? 409 : 200)
  })
  app.post('/clusters/:id/toolbox', async (c) =>
    c.json(await provisioner.createToolbox(idOf(c), await body(c, toolboxOrder), c.req.raw.signal)),
  )
  app.delete('/clusters/:id/toolbox', async (c) => {
    await provisioner.removeToolbox(idOf(c))
    return c.body(null, 204)
  })
  app.get('/orphans', async (c) => c.json(await provisioner.orphans()))
  return app
}

const idOf = (c: Context) => parsed(clusterId, c.req.param('id'))

async function body<T extends v.GenericSchema>(c: Context, schema: T): Promise<v.InferOutput<T>> {
  return parsed(schema, await c.req.json<unknown>().catch(() => undefined))
}

function parsed<T extends v.GenericSchema>(schema: T, value: unknown): v.InferOutput<T> {
  const result = v.safeParse(schema, value)
  if (result.success) return result.output
  const [issue] = result.issues
  const place = v.getDotPath(issue)
  throw provisionerError('ORDER_INVALID', { reason: place === null ? issue.message : `${place}: ${issue.message}` })
}
