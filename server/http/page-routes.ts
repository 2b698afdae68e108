import { Hono } from 'hono'
import { serverError } from '../../protocol/errors/server.ts'
import { readStatic } from './files.ts'
import type { Signed } from './login-routes.ts'

/** Files with a hash in their name never change; the page itself is asked for every time. */
const FOREVER = 'public, max-age=31536000, immutable'
const HASHED = /-[\w-]{8,}\.\w+$/
/** Addresses that the page's own router knows have no dot in them, and nothing to decode. */
const PAGE = /^[\w/-]*$/
const NOT_PAGES = /^(api|assets)\//

/** The pages: files of the build, and the one HTML document for every address that the page itself understands. */
export function pageRoutes(folder: string): Hono<Signed> {
  return new Hono<Signed>().get('/*', async (context) => {
    const name = context.req.path.slice(1)
    const encoding = context.req.header('accept-encoding')
    const isPage = name === 'index.html' || (PAGE.test(name) && !NOT_PAGES.test(name))
    const file = await readStatic(folder, isPage ? 'index.html' : name, encoding)
    if (file === undefined && isPage) throw serverError('PAGE_NOT_BUILT')
    if (file === undefined) throw serverError('NOT_FOUND', { path: context.req.path.slice(0, 200) })
    const caching = HASHED.test(name) ? FOREVER : 'no-cache'
    return context.body(file.bytes, 200, { ...file.headers, 'Cache-Control': caching })
  })
}
