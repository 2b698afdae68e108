import type { HttpRequest, HttpResponse } from '../../../kubernetes/index.ts'
import { istioRevision, istioVersion } from '../install/index.ts'
import type { ControlPlaneContext } from './context.ts'
import { answerReview, reviewConfig, reviewPod } from './review.ts'

const plain = 'text/plain; charset=utf-8'
const notFound: HttpResponse = answer(404, plain, '404 page not found\n')

/** Port 15017: admission. */
export function serveWebhooks(context: ControlPlaneContext, request: HttpRequest): HttpResponse {
  const path = pathOf(request)
  const review = path.startsWith('/inject') ? reviewPod : path.startsWith('/validate') ? reviewConfig : undefined
  if (path === '/httpsReady') return answer(200, plain, '')
  if (review === undefined) return notFound
  if (request.method !== 'POST') return answer(400, plain, 'no body found\n')
  try {
    const body = answerReview(bodyText(request), (asked) => review(context, asked))
    return answer(200, 'application/json', body)
  } catch (error) {
    return answer(400, plain, `could not decode body: ${error instanceof Error ? error.message : String(error)}\n`)
  }
}

/** Port 15014: metrics and version. */
export function serveMonitoring({ metrics, clock }: ControlPlaneContext, request: HttpRequest): HttpResponse {
  switch (pathOf(request)) {
    case '/metrics':
      return answer(
        200,
        'text/plain; version=0.0.4; charset=utf-8; escaping=underscores',
        metrics.render(clock.monotonic()),
      )
    case '/version':
      return answer(200, plain, `${istioVersion}-${istioRevision}-Clean`)
    default:
      return notFound
  }
}

/** Port 8080: readiness. */
export function serveReadiness(isReady: () => boolean, request: HttpRequest): HttpResponse {
  if (pathOf(request) !== '/ready') return notFound
  return isReady() ? answer(200, plain, '') : answer(503, plain, '')
}

function answer(status: number, contentType: string, body: string): HttpResponse {
  return { status, headers: [['content-type', contentType]], body }
}

function pathOf({ path }: HttpRequest): string {
  return path.split('?', 1)[0] ?? path
}

function bodyText({ body }: HttpRequest): string {
  return typeof body === 'string' ? body : Buffer.from(body).toString()
}
