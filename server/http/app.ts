import { Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { serverError } from '../../protocol/errors/server.ts'
import type { Me } from '../../protocol/rest.ts'
import type { ClusterTier } from '../../protocol/session.ts'
import type { Logins } from '../people/index.ts'
import type { Sessions } from '../sessions/index.ts'
import { errorAnswer } from './answers.ts'
import { allowedOrigins, hostGuard, originGuard, securityHeaders, type AllowedHost } from './guards.ts'
import { loginRoutes, loginNeeded, type Signed } from './login-routes.ts'
import { pageRoutes } from './page-routes.ts'
import { sessionRoutes } from './session-routes.ts'

const MAXIMUM_BODY_KIBIBYTES = 64

export interface AppOptions {
  sessions: Sessions
  logins: Logins
  clusters: ClusterTier
  /** A single-use ticket for the live connection. */
  ticket(this: void, session: string, account: string): string
  isAllowedHost: AllowedHost
  /** Part of the cookie's name: cookies of one host are shared by all its ports. */
  port: number
  /** Folder of the built pages. */
  clientFolder: string
  log(this: void, error: unknown, about: string): void
}

/** Everything that is asked over HTTP: protocol/rest.ts and the pages. */
export function createApp(options: AppOptions): Hono<Signed> {
  const app = new Hono<Signed>()
  const cookieName = `labwright-${options.port}`
  app.onError((error, context) => errorAnswer(error, context, options.log))
  app.notFound((context) =>
    errorAnswer(serverError('NOT_FOUND', { path: context.req.path.slice(0, 200) }), context, options.log),
  )
  app.use(securityHeaders)
  app.use(hostGuard(options.isAllowedHost))
  app.use(originGuard(allowedOrigins(options.isAllowedHost)))
  app.use(
    bodyLimit({
      maxSize: MAXIMUM_BODY_KIBIBYTES * 1024,
      onError: () => {
        throw serverError('BODY_TOO_LARGE', { kibibytes: String(MAXIMUM_BODY_KIBIBYTES) })
      },
    }),
  )
  app.get('/healthz', (context) => context.json({ status: 'ok' }))
  app.route('/api', loginRoutes(options.logins, cookieName))
  app.use('/api/*', loginNeeded(options.logins, cookieName))
  app.get('/api/me', (context) => context.json({ ...context.var.me, clusters: options.clusters } satisfies Me))
  app.get('/api/labs', async (context) => context.json(await options.sessions.cards(context.var.account)))
  app.route('/api/sessions', sessionRoutes(options))
  app.route('/', pageRoutes(options.clientFolder))
  return app
}
