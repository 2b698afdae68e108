import path from 'node:path'
import { getRequestListener } from '@hono/node-server'
import { createServer, type IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { systemClock } from '../protocol/clock.ts'
import { serverError } from '../protocol/errors/server.ts'
import { createChecker, RunnerPool } from './grading/index.ts'
import { allowedHosts, allowedOrigins, createApp } from './http/index.ts'
import { createLive, type Live } from './live/index.ts'
import { namesOf, urlOf } from './main/addresses.ts'
import { openClusters } from './main/clusters.ts'
import { holdDataFolder, prepareDataFolder } from './main/data-folder.ts'
import { isLoopback, type Config } from './main/config.ts'
import { openGrounds } from './main/grounds.ts'
import { listen } from './main/listen.ts'
import { openLog } from './main/log.ts'
import { Resources } from './main/resources.ts'
import { Logins } from './people/index.ts'
import { Labs, Sessions } from './sessions/index.ts'
import { openSqliteStore } from './store/index.ts'

export interface RunningServer {
  /** Where the pages are: http://127.0.0.1:7700 */
  url: string
  /** A new start link: good for one login. */
  link(): string
  /** Stops the server. Learners' shells and clusters go on. */
  close(): Promise<void>
}

/** Tells the operator, while the server runs, what they should mend. */
export type Notice = (sentence: string) => void

/**
 * Composes and starts everything; nothing else knows the whole. When this resolves the pages are served; clusters and check runners
 * are warmed up behind it.
 * @throws a LabwrightError with a sentence for the operator
 */
export async function startServer(config: Config, notice: Notice = () => {}): Promise<RunningServer> {
  const resources = new Resources()
  try {
    return await compose(config, resources, notice)
  } catch (error) {
    await resources[Symbol.asyncDispose]()
    throw error
  }
}

async function compose(config: Config, resources: Resources, notice: Notice): Promise<RunningServer> {
  prepareDataFolder(config.data)
  let link = () => ''
  resources.add(await holdDataFolder(config.data, () => link()))
  const logger = openLog(config.data)
  const log = (error: unknown, about: string) => logger.error({ err: error }, about)
  const program = (name: string) => path.join(config.dist, `${name}.js`)

  const store = resources.add(openSqliteStore({ folder: config.data }))
  const logins = new Logins({ store, clock: systemClock })
  const grounds = await openGrounds(config, log)
  const { workspaces, terminals } = grounds
  resources.add({ [Symbol.asyncDispose]: () => workspaces.close() })
  // Learners of another machine get no shell of this user.
  if (workspaces.whyPlain !== undefined && !isLoopback(config.host))
    throw serverError('HOST_NEEDS_SANDBOX', { host: config.host, reason: workspaces.whyPlain })
  // From here to the listeners below nothing waits: a request that came in between would never be answered.
  const http = createServer()
  const port = await listen(http, config.host, config.port)
  resources.add(closingHttp(http))

  const runners = resources.add(new RunnerPool({ script: program('check-runner'), spares: config.spareRunners }))
  const labs = new Labs({
    folder: config.labs,
    dataFolder: config.data,
    onBadLab: (id, error) => {
      log(error, `loading lab ${id}`)
      notice(badLabNotice(id, error))
    },
  })
  const clusters = openClusters(config, { ...grounds, resources, labs, log })
  // Shells outlive the server; a terminal host without a session has none.
  resources.add({
    [Symbol.asyncDispose]: async () => terminals.close((await store.attempts({ held: true })).length === 0),
  })

  const sessions = resources.add(
    new Sessions({
      store,
      clock: systemClock,
      ...clusters,
      workspaces,
      labs,
      check: createChecker(runners, [path.join(config.data, 'tools')]),
      endShells: (session) => terminals.endSession(session),
      log,
    }),
  )
  const names = namesOf(config.host)
  const isAllowedHost = allowedHosts(names, port)
  const allowedOrigin = allowedOrigins(isAllowedHost)
  const live = createLive({ sessions, terminals, allowedOrigin, clock: systemClock, log })
  resources.add({ [Symbol.asyncDispose]: async () => live.close() })
  const app = createApp({
    sessions,
    logins,
    clusters: config.provider,
    ticket: (session, account) => live.ticket(session, account),
    isAllowedHost,
    port,
    clientFolder: path.join(config.dist, 'client'),
    log,
  })
  const listener = getRequestListener(app.fetch)
  http.on('request', (request, response) => void listener(request, response))
  http.on('upgrade', upgrades(live, isAllowedHost))

  sessions.recover().catch((error: unknown) => log(error, 'taking up sessions'))
  terminals.ready().catch((error: unknown) => log(error, 'starting the terminal host'))
  runners.warm()
  // The first loading of a lab loads the highlighter as well: better now than when the first page waits for it.
  labs.list().catch((error: unknown) => log(error, 'loading the labs'))

  const url = urlOf(names[0] ?? config.host, port)
  link = () => `${url}/#code=${logins.issueCode()}`
  return { url, link: () => link(), close: () => resources[Symbol.asyncDispose]() }
}

function badLabNotice(id: string, error: Error & { code?: string }): string {
  return `The lab "${id}" is left out. ${error.message}${error.code === undefined ? '' : ` [${error.code}]`}`
}

/** Hands /live to the live connection; every other upgrade, or one for another host, is refused. */
function upgrades(live: Live, isAllowedHost: (host: string) => boolean) {
  return (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => socket.destroy())
    const isLive = request.url?.split('?')[0] === '/live'
    if (isLive && isAllowedHost(request.headers.host ?? '')) return live.upgrade(request, socket, head)
    socket.end(
      `HTTP/1.1 ${isLive ? '421 Misdirected Request' : '404 Not Found'}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`,
    )
  }
}

function closingHttp(http: ReturnType<typeof createServer>): AsyncDisposable {
  return {
    async [Symbol.asyncDispose]() {
      const closed = new Promise<void>((resolve) => void http.close(() => resolve()))
      http.closeIdleConnections()
      const force = setTimeout(() => http.closeAllConnections(), 1000)
      await closed
      clearTimeout(force)
    },
  }
}
