import type { HttpRequest } from '../kubernetes/index.ts'
import type { Image, ProgramContext } from './program.ts'
import { bodyText, json, pathOf, queryOf, text } from './responses.ts'
import { portArgument, server } from './server.ts'

const small = { idleMilliCpu: 0, milliCpuPerRequestPerSecond: 0.1, memoryBytes: 6 * 2 ** 20 }

/** hashicorp/http-echo: one text for every path. */
export const httpEcho: Image = {
  program: server({
    binaries: ['http-echo'],
    ports: ({ command, args }) => [portArgument([...command, ...args], ['-listen', '--listen']) ?? 5678],
    banner: () => ['[INFO] server is listening on :5678'],
    handler: (context) => (request) => {
      const said = option([...context.command, ...context.args], 'text') ?? context.env['ECHO_TEXT'] ?? 'hello-world'
      context.log(`${request.authority} "${request.method} ${request.path} HTTP/1.1" 200 ${said.length + 1}`)
      return text(200, `${said}\n`, [['x-app-name', 'http-echo']])
    },
  }),
  usage: small,
  shell: false,
  userId: 65_532,
}

function option(words: readonly string[], name: string): string | undefined {
  for (const [index, word] of words.entries()) {
    const match = new RegExp(`^--?${name}(?:=(.*))?$`, 's').exec(word)
    if (match !== null) return (match[1] ?? words[index + 1] ?? '').replace(/^"(.*)"$/, '$1')
  }
  return undefined
}

/** Echo servers of several makers: who answered, and what the request looked like when it arrived. */
export const echoServer: Image = {
  program: server({
    binaries: ['echo-server', 'node', 'nginx', 'server'],
    ports: ({ env }) => [Number(env['PORT'] ?? 8080)],
    handler: (context) => (request, meta) => text(200, described(context, request, meta.sourceIp)),
  }),
  usage: small,
  userId: 0,
}

function described({ pod }: ProgramContext, request: HttpRequest, sourceIp: string): string {
  return [
    `Request served by ${pod.metadata.name}`,
    '',
    `${request.method} ${request.path} HTTP/1.1`,
    '',
    `Host: ${request.authority}`,
    ...request.headers.map(([name, value]) => `${name}: ${value}`),
    `client_address: ${sourceIp}`,
    '',
    bodyText(request.body),
    '',
  ].join('\n')
}

/** agnhost, as Kubernetes' own tests use it: `netexec` serves, `pause` waits. */
export const agnhost: Image = {
  program: server({
    binaries: ['agnhost'],
    ports: ({ args }) => (args[0] === 'pause' ? [] : [portArgument(args, ['--http-port']) ?? 8080]),
    handler: (context) => (request, meta) => {
      const path = pathOf(request.path)
      if (path === '/hostname' || path === '/hostName') return text(200, context.pod.metadata.name)
      if (path === '/clientip') return text(200, `${meta.sourceIp}:41234`)
      if (path === '/healthz') return text(200, '')
      if (path === '/echo') return text(200, queryOf(request.path).get('msg') ?? '')
      return text(200, `NOW: ${new Date(context.clock.now()).toISOString()}`)
    },
  }),
  usage: small,
  userId: 0,
}

/** traefik/whoami. */
export const whoami: Image = {
  program: server({
    binaries: ['whoami'],
    ports: ({ args, env }) => [portArgument(args, ['--port', '-port']) ?? Number(env['WHOAMI_PORT_NUMBER'] ?? 80)],
    banner: () => ['Starting up on port 80'],
    handler: (context) => (request, meta) => {
      if (pathOf(request.path) === '/health') return json(200, {})
      const { name } = context.pod.metadata
      const lines = [`Hostname: ${name}`, `RemoteAddr: ${meta.sourceIp}:41234`]
      const head = [`${request.method} ${request.path} HTTP/1.1`, `Host: ${request.authority}`]
      return text(
        200,
        `${[...lines, ...head, ...request.headers.map(([key, value]) => `${key}: ${value}`)].join('\n')}\n`,
      )
    },
  }),
  usage: small,
  shell: false,
  userId: 0,
}
