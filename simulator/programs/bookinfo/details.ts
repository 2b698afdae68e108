import type { Image } from '../program.ts'
import { json, pathOf } from '../responses.ts'
import { server } from '../server.ts'

export const details: Image = {
  program: server({
    binaries: ['ruby'],
    ports: () => [9080],
    banner: () => ['INFO  WEBrick::HTTPServer#start: pid=1 port=9080'],
    handler: (context) => (request) => {
      const path = pathOf(request.path)
      if (path === '/health') return json(200, { status: 'Details is healthy' }, { indent: 0 })
      const id = /^\/details\/(.+)$/.exec(path)?.[1]
      if (id === undefined) return json(404, { error: 'not found' }, { indent: 0 })
      if (!/^\d+$/.test(id)) return json(400, { error: 'please provide numeric product id' }, { indent: 0 })
      context.log(`"${request.method} ${request.path} HTTP/1.1" 200`)
      const book = {
        id: Number(id),
        author: 'William Shakespeare',
        year: 1595,
        type: 'paperback',
        pages: 200,
        publisher: 'PublisherA',
        language: 'English',
        'ISBN-10': '1234567890',
        'ISBN-13': '123-1234567890',
      }
      return json(200, book, { indent: 0 })
    },
  }),
  usage: { idleMilliCpu: 1, milliCpuPerRequestPerSecond: 0.6, memoryBytes: 26 * 2 ** 20 },
  userId: 1001,
}
