import { Hono, type Context } from 'hono'
import path from 'node:path'
import * as v from 'valibot'
import { serverError } from '../../protocol/errors/server.ts'
import type { StepPage } from '../../protocol/session.ts'
import type { Session } from '../sessions/index.ts'
import type { AppOptions } from './app.ts'
import { bodyOf } from './answers.ts'
import { readStatic } from './files.ts'
import type { Signed } from './login-routes.ts'

const name = v.pipe(v.string(), v.minLength(1), v.maxLength(100))
const startBody = v.object({ lab: name })
const fileBody = v.object({ step: name, file: name })

/** A lab's pictures may be SVG, and SVG may hold script: opened by itself, such a file may do nothing at all. */
const ASSET_POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox"

export function sessionRoutes({ sessions, ticket }: Pick<AppOptions, 'sessions' | 'ticket'>): Hono<Signed> {
  const routes = new Hono<Signed>()
  const find = (context: Context<Signed, '/:id'>): Promise<Session> =>
    sessions.get(context.req.param('id'), context.var.account)

  routes.post('/', async (context) => {
    const { lab } = await bodyOf(context, startBody)
    const { id } = await sessions.start(context.var.account, lab)
    return context.json({ id }, 201)
  })
  routes.get('/:id', async (context) => context.json((await find(context)).view()))
  routes.delete('/:id', async (context) => {
    await (await find(context)).delete()
    return context.body(null, 204)
  })
  routes.post('/:id/retry', async (context) => {
    await (await find(context)).retry()
    return context.body(null, 204)
  })
  routes.post('/:id/reset', async (context) => {
    const session = await find(context)
    await session.reset()
    return context.json(session.view())
  })
  routes.post('/:id/finish', async (context) => {
    const session = await find(context)
    await session.finish('learner')
    return context.json(session.view())
  })
  routes.post('/:id/extend', async (context) => {
    const session = await find(context)
    await session.extend()
    return context.json(session.view())
  })
  routes.get('/:id/steps/:step', async (context) => {
    const session = await find(context)
    return context.json(pageOf(session, context.req.param('step')))
  })
  routes.post('/:id/steps/:step', async (context) => {
    await (await find(context)).openStep(context.req.param('step'))
    return context.body(null, 204)
  })
  routes.post('/:id/tasks/:task/check', async (context) => {
    await (await find(context)).check(context.req.param('task'))
    return context.body(null, 202)
  })
  routes.post('/:id/tasks/:task/hint', async (context) =>
    context.json(await (await find(context)).hint(context.req.param('task'))),
  )
  routes.post('/:id/files', async (context) => {
    const session = await find(context)
    const { step, file } = await bodyOf(context, fileBody)
    return context.json({ path: await session.saveFile(step, file) })
  })
  routes.post('/:id/ticket', async (context) => {
    const session = await find(context)
    return context.json({ ticket: ticket(session.id, context.var.account) })
  })
  routes.get('/:id/assets/:name{.+}', async (context) => {
    const session = await find(context)
    const asset = await readStatic(path.join(session.lab.folder, 'assets'), context.req.param('name'))
    if (asset === undefined) throw serverError('NOT_FOUND', { path: context.req.path.slice(0, 200) })
    const headers = {
      ...asset.headers,
      'Content-Security-Policy': ASSET_POLICY,
      'Cache-Control': 'private, max-age=3600',
    }
    return context.body(asset.bytes, 200, headers)
  })
  return routes
}

/** A step as the browser gets it: commands without their texts, which are in the HTML. */
function pageOf({ lab }: Session, id: string): StepPage {
  const index = lab.steps.findIndex((step) => step.id === id)
  const step = lab.steps[index]
  if (step === undefined) throw serverError('STEP_UNKNOWN', { step: id })
  const { title, html, commands, files } = step
  return {
    id,
    index,
    title,
    html,
    commands: commands.map(({ id, action, terminal }) => ({ id, action, terminal })),
    files: files.map(({ id, path }) => ({ id, path })),
  }
}
