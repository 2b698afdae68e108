import type { Headers } from '../../kubernetes/index.ts'
import type { Image, ProgramContext } from '../program.ts'
import { bodyText, json, pathOf } from '../responses.ts'
import { server } from '../server.ts'
import { forwarded, service } from './shared.ts'

const texts = [
  { reviewer: 'Reviewer1', text: 'A comedy of mistaken identity that still makes a full house laugh.' },
  { reviewer: 'Reviewer2', text: 'Funny and quick, though it asks less of its readers than the later plays.' },
]

const RATINGS_TIMEOUT_MS = 10_000

/** Version 1 shows no stars, version 2 black ones, version 3 red ones; the stars come from the ratings service. */
export function reviews(version: 'v1' | 'v2' | 'v3'): Image {
  return {
    program: server({
      binaries: ['server', 'defaultServer', 'docker-server.sh'],
      ports: () => [9080],
      banner: (context) => [
        `Launching defaultServer (WebSphere Application Server) for reviews-${version}`,
        `[AUDIT   ] CWWKF0011I: The defaultServer server is ready to run a smarter planet. (${context.pod.metadata.name})`,
      ],
      handler: (context) => async (request) => {
        const path = pathOf(request.path)
        if (path === '/health') return json(200, { status: 'Reviews is healthy' }, { indent: 0 })
        const id = /^\/reviews\/([^/]+)$/.exec(path)?.[1]
        if (id === undefined) return json(404, { error: 'not found' }, { indent: 0 })
        const color = {
          v1: undefined,
          v2: context.env['STAR_COLOR'] ?? 'black',
          v3: context.env['STAR_COLOR'] ?? 'red',
        }[version]
        const ratings = color === undefined ? undefined : await askRatings(context, id, request.headers)
        const rated = texts.map((review, index) => ({ ...review, ...ratingOf(color, ratings, index) }))
        const body = {
          id,
          podname: context.pod.metadata.name,
          clustername: context.env['CLUSTER_NAME'] ?? 'null',
          reviews: rated,
        }
        return json(200, body, { indent: 0 })
      },
    }),
    usage: { idleMilliCpu: 3, milliCpuPerRequestPerSecond: 2, memoryBytes: 110 * 2 ** 20 },
    userId: 1001,
  }
}

function ratingOf(
  color: string | undefined,
  ratings: readonly (number | undefined)[] | undefined,
  index: number,
): object {
  if (color === undefined) return {}
  const stars = ratings?.[index]
  return { rating: stars === undefined ? { error: 'Ratings service is currently unavailable' } : { stars, color } }
}

async function askRatings(context: ProgramContext, id: string, headers: Headers): Promise<number[] | undefined> {
  const authority = service(context, 'ratings')
  const outcome = await context.call(
    { method: 'GET', scheme: 'http', authority, path: `/ratings/${id}`, headers: forwarded(headers), body: '' },
    { timeoutMilliseconds: RATINGS_TIMEOUT_MS },
  )
  if (!outcome.ok || outcome.response.status !== 200) {
    context.log(
      `Error: unable to contact ${authority} got status of ${outcome.ok ? outcome.response.status : outcome.failure.message}`,
      'stderr',
    )
    return undefined
  }
  const { ratings } = JSON.parse(bodyText(outcome.response.body)) as { ratings: Record<string, number> }
  return [ratings['Reviewer1'] ?? 0, ratings['Reviewer2'] ?? 0]
}
