import { createSecureServer, type Http2SecureServer, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeAll, expect, test, vi } from 'vitest'
import { certificateFor, createAuthority, type Pair } from '../../workspaces/downloads/authority.ts'
import type { ClusterNotice } from '../provider.ts'
import { KindClusters } from './index.ts'
import { watchApi } from './watch-api.ts'

/** What a learner who rules their cluster could put behind its address: it ends the following of that cluster, and nothing else. */
let authority: Pair
let pair: Pair
const servers: Http2SecureServer[] = []
const sessions = new Set<ServerHttp2Session>()
beforeAll(async () => {
  authority = await createAuthority()
  pair = await certificateFor('localhost', authority)
})
afterEach(() => {
  for (const session of sessions) session.destroy()
  for (const server of servers.splice(0)) server.close()
  sessions.clear()
})

type Say = (stream: ServerHttp2Stream) => void
const text =
  (said: string): Say =>
  (stream) => {
    stream.respond({ ':status': 200 })
    stream.end(said)
  }
const json = (value: unknown) => text(JSON.stringify(value))
const begun =
  (said: string): Say =>
  (stream) => {
    stream.respond({ ':status': 200 })
    stream.write(said)
  }
/** Says something for as long as it is heard. */
const without =
  (end: string): Say =>
  (stream) => {
    if (!stream.headersSent) stream.respond({ ':status': 200 })
    const go = () => {
      while (!stream.destroyed && stream.write(end));
    }
    stream.on('drain', go)
    go()
  }
/** Once the watch stands. */
const later =
  (say: Say): Say =>
  (stream) => {
    stream.respond({ ':status': 200 })
    setTimeout(() => say(stream), 100)
  }
const discovery = (...resources: string[]) =>
  json({
    items: [
      {
        metadata: { name: '' },
        versions: [{ version: 'v1', resources: resources.map((resource) => ({ resource, verbs: ['watch'] })) }],
      },
    ],
  })
const change = (name: unknown, type = 'ADDED') =>
  `${JSON.stringify({ type, object: { metadata: { name, namespace: 'default', resourceVersion: '8' } } })}\n`
const good: Record<string, Say> = {
  '/readyz': text('ok'),
  '/api/v1/namespaces': json({ metadata: { resourceVersion: '7' } }),
  '/api': discovery('pods'),
  '/apis': json({ items: [] }),
  '/api/v1/pods': begun(change('web')),
}

/** Returns its address. */
async function serve(paths: Record<string, Say>): Promise<string> {
  const server = createSecureServer({ cert: pair.certificate, key: pair.key })
  servers.push(server)
  server.on('session', (session) => {
    sessions.add(session)
    session.on('error', () => undefined)
    session.once('close', () => sessions.delete(session))
  })
  server.on('stream', (stream, headers) => {
    stream.on('error', () => undefined)
    const say = paths[headers[':path']!.split('?')[0]!]
    if (say !== undefined) return say(stream)
    stream.respond({ ':status': 404 })
    stream.end()
  })
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve))
  return `https://localhost:${(server.address() as AddressInfo).port}`
}

test.each<[string, string, Record<string, Say>]>([
  ['an answer without an end', 'answer is larger than', { '/apis': without('x'.repeat(65_536)) }],
  [
    'an event without an end',
    'event of the API server is larger than',
    { '/api/v1/pods': without('x'.repeat(65_536)) },
  ],
  ['a name without an end', 'a change that is none', { '/api/v1/pods': begun(change('x'.repeat(100_000))) }],
  ['a name that is none', 'a change that is none', { '/api/v1/pods': begun(change({})) }],
  ['a change of no kind', 'a change that is none', { '/api/v1/pods': begun(change('web', 'SUDO')) }],
  ['what is no JSON', 'a change that is none', { '/api/v1/pods': begun('{\n') }],
  [
    'changes without an end while a watch is owed',
    'more than 10000 changes',
    {
      '/api': discovery('pods', 'silent'),
      '/api/v1/silent': () => {},
      '/api/v1/pods': without(change('web').repeat(500)),
    },
  ],
  [
    'more resources than there are',
    'has 501 resources',
    { '/api': discovery(...Array.from({ length: 501 }, (_, number) => `r${number}`)) },
  ],
])('an API server that says %s is left', async (_, reason, paths) => {
  const server = await serve({ ...good, ...paths })
  const watching = watchApi(
    { server, certificateAuthority: authority.certificate },
    new AbortController().signal,
    () => {},
  )
  await expect(watching).rejects.toThrow(reason)
  await vi.waitFor(() => expect(sessions.size).toBe(0), 5000)
})

test('a cluster with such a server is away, which is logged once, and its neighbour is followed', async () => {
  const endless = without('x'.repeat(65_536))
  const bad: typeof good = { ...good, '/api/v1/pods': later(endless) }
  const addresses: Record<string, string> = { bad: await serve(bad), fine: await serve(good) }
  const logged: string[] = []
  const grader = { certificate: pair.certificate, key: pair.key }
  const clusters = new KindClusters(
    async ({ path }) => {
      const id = path.slice(path.lastIndexOf('/') + 1)
      const server = addresses[id]
      const body = { id, server, certificateAuthority: authority.certificate, identities: { grader } }
      return { status: 200, body }
    },
    (error, about) => logged.push(`${about}: ${(error as Error).message}`),
  )
  const told: Record<string, ClusterNotice[]> = { bad: [], fine: [] }
  const watches = await Promise.all(
    ['bad', 'fine'].map(async (id) => (await clusters.find(id))!.watch((notice) => told[id]!.push(notice))),
  )
  try {
    await vi.waitFor(() => expect(told['bad']!.at(-1)).toEqual({ type: 'AWAY' }), 5000)
    const web = { type: 'ADDED', resource: 'pods', namespace: 'default', name: 'web' }
    await vi.waitFor(() => expect(told['fine']).toEqual([{ type: 'READY' }, web]), 5000)
    // It is tried again, and has not changed.
    const before = told['bad']!.length
    await vi.waitFor(() => expect(told['bad']!.slice(before)).toEqual([{ type: 'READY' }, { type: 'AWAY' }]), 10_000)
    expect(logged).toEqual(['following cluster bad: an event of the API server is larger than 1 MiB'])
  } finally {
    for (const watch of watches) watch[Symbol.dispose]()
  }
}, 20_000)
