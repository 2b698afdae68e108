import { posix } from 'node:path'
import type { Image } from './program.ts'
import { html, pathOf } from './responses.ts'
import { server } from './server.ts'

const version = 'nginx/1.29.1'
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const welcome = `<!DOCTYPE html>
<html>
<head>
<title>Welcome to nginx!</title>
</head>
<body>
<h1>Welcome to nginx!</h1>
<p>The web server runs.</p>
</body>
</html>
`
const root = '/usr/share/nginx/html'

/** Serves the files under /usr/share/nginx/html, so a mounted ConfigMap is a page; port 80 unless its configuration says otherwise. */
export const nginx: Image = {
  program: server({
    binaries: ['nginx', 'docker-entrypoint.sh'],
    ports: () => [80],
    banner: () => [
      '/docker-entrypoint.sh: Configuration complete; ready for start up',
      `[notice] 1#1: using the "epoll" event method`,
      `[notice] 1#1: ${version}`,
      '[notice] 1#1: start worker processes',
    ],
    handler: (context) => async (request, meta) => {
      const path = pathOf(request.path)
      // No page lies above the root, however many dots a path begins with.
      const asked = posix.join('/', path.endsWith('/') ? `${path}index.html` : path)
      const file = await context.shell.readFile(`${root}${asked}`)
      const isAllowed = request.method === 'GET' || request.method === 'HEAD'
      const found = file !== undefined ? new TextDecoder().decode(file) : path === '/' ? welcome : undefined
      const status = !isAllowed ? 405 : found === undefined ? 404 : 200
      const body = status === 200 ? (found ?? '') : errorPage(status)
      const agent = request.headers.find(([name]) => name === 'user-agent')?.[1] ?? '-'
      const forwarded = request.headers.find(([name]) => name === 'x-forwarded-for')?.[1] ?? '-'
      const line = `${request.method} ${request.path} HTTP/1.1`
      context.log(
        `${meta.sourceIp} - - [${logTime(context.clock.now())}] "${line}" ${status} ${body.length} "-" "${agent}" "${forwarded}"`,
      )
      const response = html(status, request.method === 'HEAD' ? '' : body, [['server', version]])
      return {
        ...response,
        headers: response.headers.map(([name, value]) => [name, name === 'content-type' ? 'text/html' : value]),
      }
    },
  }),
  usage: { idleMilliCpu: 0, milliCpuPerRequestPerSecond: 0.1, memoryBytes: 4 * 2 ** 20 },
  shell: ['wget', 'nslookup', 'dig', 'host', 'nc', 'ping', 'ip', 'ps'],
  userId: 0,
}

function errorPage(status: number): string {
  const title = status === 404 ? '404 Not Found' : '405 Not Allowed'
  return `<html>\r\n<head><title>${title}</title></head>\r\n<body>\r\n<center><h1>${title}</h1></center>\r\n<hr><center>${version}</center>\r\n</body>\r\n</html>\r\n`
}

/** `24/Nov/2026:06:14:26 +0000`. */
function logTime(now: number): string {
  const date = new Date(now)
  const day = String(date.getUTCDate()).padStart(2, '0')
  return `${day}/${months[date.getUTCMonth()]}/${date.getUTCFullYear()}:${date.toISOString().slice(11, 19)} +0000`
}
