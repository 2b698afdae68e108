import type { Image } from '../program.ts'
import { bodyText, json, pathOf } from '../responses.ts'
import { server } from '../server.ts'

export const ratings: Image = {
  program: server({
    binaries: ['node'],
    ports: ({ args }) => [Number(args.find((word) => /^\d+$/.test(word)) ?? 9080)],
    banner: () => ['Server listening on: http://0.0.0.0:9080'],
    handler: (context) => {
      const given = new Map<number, unknown>()
      return (request) => {
        const path = pathOf(request.path)
        if (path === '/health') return json(200, { status: 'Ratings is healthy' }, { indent: 0 })
        const id = Number(/^\/ratings\/([^/]+)$/.exec(path)?.[1])
        if (!Number.isInteger(id)) return json(400, { error: 'please provide numeric product ID' }, { indent: 0 })
        context.log(`${request.method} ${request.path}`)
        if (request.method === 'POST') {
          try {
            given.set(id, JSON.parse(bodyText(request.body)))
          } catch {
            return json(400, { error: 'please provide valid ratings JSON' }, { indent: 0 })
          }
        }
        return json(200, { id, ratings: given.get(id) ?? { Reviewer1: 5, Reviewer2: 4 } }, { indent: 0 })
      }
    },
  }),
  usage: { idleMilliCpu: 1, milliCpuPerRequestPerSecond: 0.5, memoryBytes: 32 * 2 ** 20 },
  userId: 1001,
}
