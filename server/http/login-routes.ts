import { Hono, type MiddlewareHandler } from 'hono'
import { getCookie, setCookie } from 'hono/cookie'
import * as v from 'valibot'
import { serverError } from '../../protocol/errors/server.ts'
import type { Person } from '../../protocol/rest.ts'
import { LOGIN_LIFETIME_SECONDS, type Logins } from '../people/index.ts'
import { bodyOf } from './answers.ts'

/** What a request of somebody who is logged in carries. */
export interface Signed {
  Variables: { account: string; me: Person }
}

const loginBody = v.object({ code: v.pipe(v.string(), v.maxLength(200)) })

export function loginRoutes(logins: Logins, cookieName: string): Hono<Signed> {
  return new Hono<Signed>().post('/login', async (context) => {
    const { code } = await bodyOf(context, loginBody)
    setCookie(context, cookieName, await logins.login(code), {
      httpOnly: true,
      sameSite: 'Strict',
      path: '/',
      maxAge: LOGIN_LIFETIME_SECONDS,
    })
    return context.body(null, 204)
  })
}

/** Lets nobody through who has no login. Answers behind it are never cached. */
export function loginNeeded(logins: Logins, cookieName: string): MiddlewareHandler<Signed> {
  return async (context, next) => {
    const who = await logins.who(getCookie(context, cookieName))
    if (who === undefined) throw serverError('LOGIN_NEEDED')
    context.set('account', who.account)
    context.set('me', who.me)
    context.header('Cache-Control', 'no-store')
    await next()
  }
}
