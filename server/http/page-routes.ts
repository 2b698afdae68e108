import { Hono } from 'hono'
import { serverError } from '../../protocol/errors/server.ts'
import { readStatic } from './files.ts'
import type { Signed } from './login-routes.ts'

/** Files with a hash in their name never change; the page itself is asked for every time. */
const FOREVER = 'public, max-age=31536000, immutable'

/** The pages: files of the build, and the one HTML document for every address that the page itself understands. */
export function pageRoutes(folder: string): Hono<Signed> {
  return new Hono<Signed>().get('/*', async (context) => {
    const name = decodeURIComponent(context.req.path).slice(1)
    const encoding = context.req.header('accept-encoding')
    const file = name === '' ? undefined : await readStatic(folder, name, encoding)
    if (file !== undefined && name !== 'index.html') {
      const caching = /-[\w-]{8,}\.\w+$/.test(name) ? FOREVER : 'no-cache'
      return context.body(file.bytes, 200, { ...file.headers, 'Cache-Control': caching })
    }
    if (name.startsWith('api/') || name.startsWith('assets/') || (/\.\w+$/.test(name) && name !== 'index.html'))
      throw serverError('NOT_FOUND', { path: context.req.path.slice(0, 200) })
    const page = await readStatic(folder, 'index.html', encoding)
    if (page === undefined) throw serverError('PAGE_NOT_BUILT')
    return context.body(page.bytes, 200, { ...page.headers, 'Cache-Control': 'no-cache' })
  })
}
