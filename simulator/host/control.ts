import { Hono, type Context } from 'hono'
import { stream } from 'hono/streaming'
import * as v from 'valibot'
import type { ProbeRequest } from '../../protocol/probe.ts'
import type { HostedCluster } from './cluster.ts'
import type { HostedClusters } from './clusters.ts'

const id = v.pipe(v.string(), v.regex(/^[a-z0-9][a-z0-9-]{0,62}$/i, 'must be letters, digits and hyphens'))
const spec = v.strictObject({
  id,
  seed: v.optional(v.pipe(v.number(), v.integer())),
  port: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(65_535))),
  from: v.optional(id),
  istio: v.optional(v.picklist(['demo'])),
})

/** The host's protocol (protocol/simulator-host.ts) over its clusters. */
export function controlApp(clusters: HostedClusters): Hono {
  const app = new Hono()
  app.onError((error, c) => c.json({ code: codeOf(error), message: error.message }, 500))
  app.get('/healthz', (c) => c.json({ pid: process.pid, clusters: clusters.ids.length }))
  app.get('/clusters', async (c) => {
    const all = await Promise.all(clusters.ids.map((one) => clusters.get(one)))
    return c.json(all.flatMap((one) => (one === undefined ? [] : [one.description])))
  })
  app.post('/clusters', async (c) => {
    const parsed = v.safeParse(spec, await c.req.json().catch(() => undefined))
    if (!parsed.success) return c.json({ code: 'BAD_REQUEST', message: parsed.issues[0].message }, 400)
    const { id: name, seed, port, from, istio } = parsed.output
    if (from !== undefined && (await clusters.get(from)) === undefined) return unknown(c, from)
    const { cluster, isNew } = await clusters.create({
      id: name,
      ...(seed === undefined ? {} : { seed }),
      ...(port === undefined ? {} : { port }),
      ...(from === undefined ? {} : { from }),
      ...(istio === undefined ? {} : { istio }),
    })
    return c.json(cluster.description, isNew ? 201 : 200)
  })
  app.get('/clusters/:id', (c) => withCluster(c, clusters, (cluster) => c.json(cluster.description)))
  app.delete('/clusters/:id', async (c) => {
    const name = c.req.param('id')
    return (await clusters.delete(name)) ? c.body(null, 204) : unknown(c, name)
  })
  app.post('/clusters/:id/reset', async (c) => {
    const name = c.req.param('id')
    const cluster = await clusters.reset(name)
    return cluster === undefined ? unknown(c, name) : c.json(cluster.description)
  })
  app.post('/clusters/:id/probe', (c) =>
    withCluster(c, clusters, async (cluster) => {
      const result = await cluster.probe(await c.req.json<ProbeRequest>(), c.req.raw.signal)
      return c.json(result, 'refusal' in result ? 409 : 200)
    }),
  )
  app.get('/clusters/:id/changes', (c) => withCluster(c, clusters, (cluster) => changes(c, cluster)))
  return app
}

function changes(c: Context, cluster: HostedCluster): Response {
  return stream(c, async (out) => {
    await out.write('{"type":"READY"}\n')
    const watch = cluster.onChange((change) => void out.write(`${JSON.stringify(change)}\n`))
    // A cluster that was reset is another one: whoever watches asks again, and begins with that.
    await new Promise<void>((resolve) => {
      out.onAbort(resolve)
      if (cluster.stopped.aborted) resolve()
      else cluster.stopped.addEventListener('abort', () => resolve(), { once: true })
    })
    watch[Symbol.dispose]()
  })
}

async function withCluster(
  c: Context,
  clusters: HostedClusters,
  answer: (cluster: HostedCluster) => Response | Promise<Response>,
): Promise<Response> {
  const name = c.req.param('id') ?? ''
  const cluster = await clusters.get(name)
  return cluster === undefined ? unknown(c, name) : answer(cluster)
}

function unknown(c: Context, name: string): Response {
  return c.json({ code: 'CLUSTER_UNKNOWN', message: `There is no cluster "${name}" in this host.` }, 404)
}

function codeOf(error: Error): string {
  return (error as NodeJS.ErrnoException).code ?? 'INTERNAL'
}
