import type { Headers, HttpRequest } from '../../kubernetes/index.ts'
import type { Image, ProgramContext } from '../program.ts'
import { bodyText, html, json, pathOf } from '../responses.ts'
import { server } from '../server.ts'
import { forwarded, service } from './shared.ts'

const REVIEWS_TIMEOUT_MS = 3000

interface Review {
  reviewer: string
  text: string
  rating?: { stars?: number; color?: string; error?: string }
}

interface Reviews {
  podname: string
  reviews: Review[]
}

/** The page of the bookinfo sample: details on the left, reviews on the right, a login that sets the `end-user` header. */
export const productpage: Image = {
  program: server({
    binaries: ['python', 'python3', 'flask', 'gunicorn'],
    ports: ({ args }) => [Number(args.find((word) => /^\d+$/.test(word)) ?? 9080)],
    banner: () => ['[INFO] Listening at: http://0.0.0.0:9080 (1)'],
    handler: (context) => async (request) => {
      const path = pathOf(request.path)
      const id = /^\/api\/v1\/products\/(\d+)/.exec(path)?.[1] ?? '0'
      const headers = headersFor(request)
      context.log(`"${request.method} ${request.path} HTTP/1.1"`)
      switch (path) {
        case '/':
        case '/index.html':
          return html(
            200,
            page('Bookinfo Sample', '<p>This is a sample application. <a href="/productpage">Normal user</a></p>'),
          )
        case '/health':
          return html(200, 'Product page is healthy')
        case '/login':
          return redirect(
            `session=${encodeURIComponent(new URLSearchParams(bodyText(request.body)).get('username') ?? '')}; Path=/; HttpOnly`,
          )
        case '/logout':
          return redirect('session=; Path=/; Max-Age=0')
        case '/productpage':
          return html(200, await productPage(context, headers, userOf(request)))
        case '/api/v1/products':
          return json(200, [{ id: 0, title: 'The Comedy of Errors' }])
        case `/api/v1/products/${id}`:
          return passOn(await ask(context, 'details', `/details/${id}`, headers))
        case `/api/v1/products/${id}/reviews`:
          return passOn(await ask(context, 'reviews', `/reviews/${id}`, headers))
        case `/api/v1/products/${id}/ratings`:
          return passOn(await ask(context, 'ratings', `/ratings/${id}`, headers))
        default:
          return html(404, '<h1>Not Found</h1>')
      }
    },
  }),
  usage: { idleMilliCpu: 3, milliCpuPerRequestPerSecond: 3, memoryBytes: 58 * 2 ** 20 },
  userId: 1001,
}

function redirect(cookie: string): ReturnType<typeof html> {
  return html(302, '', [
    ['location', '/productpage'],
    ['set-cookie', cookie],
  ])
}

function userOf(request: HttpRequest): string {
  const cookie = request.headers.find(([name]) => name === 'cookie')?.[1] ?? ''
  return decodeURIComponent(/(?:^|;\s*)session=([^;]*)/.exec(cookie)?.[1] ?? '')
}

function headersFor(request: HttpRequest): Headers {
  const user = userOf(request)
  const others = forwarded(request.headers).filter(([name]) => name !== 'cookie')
  return user === '' ? others : [...others.filter(([name]) => name !== 'end-user'), ['end-user', user]]
}

type Answer = { status: number; body: string } | { failure: string }

/** One try, and for reviews a second one, as the sample does. */
async function ask(
  context: ProgramContext,
  name: 'details' | 'reviews' | 'ratings',
  path: string,
  headers: Headers,
): Promise<Answer> {
  const request: HttpRequest = {
    method: 'GET',
    scheme: 'http',
    authority: service(context, name),
    path,
    headers,
    body: '',
  }
  let answer: Answer = { failure: 'not asked' }
  for (let tries = name === 'reviews' ? 2 : 1; tries > 0; tries--) {
    const outcome = await context.call(request, { timeoutMilliseconds: REVIEWS_TIMEOUT_MS })
    if (!outcome.ok) answer = { failure: outcome.failure.message }
    else {
      answer = { status: outcome.response.status, body: bodyText(outcome.response.body) }
      if (answer.status === 200) return answer
    }
  }
  return answer
}

function passOn(answer: Answer): ReturnType<typeof json> {
  if ('failure' in answer) return json(500, { error: answer.failure })
  return { status: answer.status, headers: [['content-type', 'application/json']], body: answer.body }
}

async function productPage(context: ProgramContext, headers: Headers, user: string): Promise<string> {
  const [details, reviews] = await Promise.all([
    ask(context, 'details', '/details/0', headers),
    ask(context, 'reviews', '/reviews/0', headers),
  ])
  const login =
    user === ''
      ? '<form method="post" action="login"><input name="username"><button>Sign in</button></form>'
      : `<p>${escaped(user)} (<a href="logout">sign out</a>)</p>`
  return page(
    'Simple Bookstore App',
    `${login}<h1>The Comedy of Errors</h1>${detailsPart(details)}${reviewsPart(reviews)}`,
  )
}

function detailsPart(answer: Answer): string {
  if ('failure' in answer || answer.status !== 200) return failed('product details')
  const rows = Object.entries(JSON.parse(answer.body) as Record<string, unknown>)
  return `<h4>Book Details</h4><dl>${rows.map(([name, value]) => `<dt>${escaped(name)}</dt><dd>${escaped(String(value))}</dd>`).join('')}</dl>`
}

function reviewsPart(answer: Answer): string {
  if ('failure' in answer || answer.status !== 200) return failed('product reviews')
  const { podname, reviews } = JSON.parse(answer.body) as Reviews
  const list = reviews.map(({ reviewer, text, rating }) => {
    const stars = '<span class="glyphicon glyphicon-star"></span>'.repeat(rating?.stars ?? 0)
    const shown =
      rating === undefined
        ? ''
        : rating.error !== undefined
          ? `<p><i>${escaped(rating.error)}</i></p>`
          : `<font color="${escaped(rating.color ?? '')}">${stars}</font>`
    return `<blockquote><p>${escaped(text)}</p><small>${escaped(reviewer)}</small>${shown}</blockquote>`
  })
  return `<h4>Book Reviews</h4>${list.join('')}<dl><dt>Reviews served by:</dt><dd>${escaped(podname)}</dd></dl>`
}

function failed(what: string): string {
  return `<h4>Error fetching ${what}!</h4><p>Sorry, ${what} are currently unavailable for this book.</p>`
}

function page(title: string, content: string): string {
  return `<!DOCTYPE html>\n<html>\n  <head>\n    <title>${title}</title>\n  </head>\n  <body>\n${content}\n  </body>\n</html>\n`
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}
