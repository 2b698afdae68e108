import type { Image } from './program.ts'
import { bodyText, pathOf, queryOf, text } from './responses.ts'
import { baseName, server, told } from './server.ts'
import { runCommand } from './shell/run.ts'

const echo = server({
  binaries: ['fortio'],
  ports: () => [8080],
  banner: () => [
    'Fortio 1.69.5 tcp-echo server listening on tcp [::]:8078',
    'Fortio 1.69.5 http-echo server listening on tcp [::]:8080',
  ],
  handler: () => (request) => {
    const path = pathOf(request.path)
    if (path === '/debug')
      return text(200, `Φορτίο version 1.69.5 echo debug server\n${request.method} ${request.path}\n`)
    // `/echo?status=503:50` fails every second request; the echo server of fortio has more of that kind.
    const wanted = queryOf(request.path).get('status')
    return text(wanted === null ? 200 : Number(wanted.split(':')[0]) || 200, bodyText(request.body))
  },
})

/** fortio: `server` is an echo server; `load` and `curl` are commands of the shell. */
export const fortio: Image = {
  program: async (context) => {
    const words = [...context.command, ...context.args]
    const [first = 'server'] = baseName(words[0] ?? '') === 'fortio' ? words.slice(1) : words
    if (first === 'server' || first === 'http-echo') return echo({ ...context, command: ['fortio'] })
    if (first === 'load' || first === 'curl')
      return runCommand(context, ['fortio', ...words.slice(words.indexOf(first))])
    return words.length > 0 ? runCommand(context, words) : told(context.signal).then(() => 0)
  },
  usage: { idleMilliCpu: 1, milliCpuPerRequestPerSecond: 0.2, memoryBytes: 14 * 2 ** 20 },
  shell: false,
  commands: ['fortio'],
  userId: 0,
}
