import type { HttpHandler, Image, ProgramContext } from './program.ts'
import { bodyText, dropped, json, pathOf, queryOf, text } from './responses.ts'
import { server } from './server.ts'

/** Images of the labs' own: small services that behave, and misbehave, as a lesson needs it. */

interface Payment {
  id: string
  amount: number
  currency: string
  status: string
}

const port = ({ env }: ProgramContext): number[] => [Number(env['PORT'] ?? 8080)]

/** A payments service: lists, takes, answers health checks. Knows its version from `VERSION`. */
export const payments: Image = {
  program: server({
    binaries: ['payments'],
    ports: port,
    banner: ({ env }) => [`payments ${env['VERSION'] ?? 'v1'} listening on :${env['PORT'] ?? 8080}`],
    handler: (context) => {
      const taken: Payment[] = [{ id: 'p-1001', amount: 4200, currency: 'EUR', status: 'settled' }]
      return logged(context, (request) => {
        const path = pathOf(request.path)
        if (path === '/healthz' || path === '/readyz') return text(200, 'ok\n')
        if (path === '/')
          return json(200, {
            service: 'payments',
            version: context.env['VERSION'] ?? 'v1',
            pod: context.pod.metadata.name,
          })
        if (path.startsWith('/payments/')) {
          const found = taken.find(({ id }) => id === path.slice('/payments/'.length))
          if (found === undefined) return json(404, { error: 'no such payment' })
          if (request.method !== 'DELETE') return json(200, found)
          taken.splice(taken.indexOf(found), 1)
          return { status: 204, headers: [], body: '' }
        }
        if (path !== '/payments') return json(404, { error: 'not found' })
        if (request.method === 'GET' || request.method === 'HEAD') return json(200, { payments: taken })
        if (request.method === 'DELETE') return json(405, { error: 'name the payment to delete' })
        const { amount = 0, currency = 'EUR' } = fieldsOf(bodyText(request.body))
        const made = { id: `p-${1001 + taken.length}`, amount, currency, status: 'accepted' }
        if (taken.length < 1000) taken.push(made)
        return json(201, made)
      })
    },
  }),
  usage: { idleMilliCpu: 1, milliCpuPerRequestPerSecond: 0.4, memoryBytes: 18 * 2 ** 20 },
  userId: 1000,
}

function fieldsOf(body: string): { amount?: number; currency?: string } {
  try {
    const value = JSON.parse(body) as { amount?: unknown; currency?: unknown } | null
    return {
      ...(typeof value?.amount === 'number' ? { amount: value.amount } : {}),
      ...(typeof value?.currency === 'string' ? { currency: value.currency } : {}),
    }
  } catch {
    return {}
  }
}

const SLOW_PAGE_MILLISECONDS = 250

/**
 * Answers 200 until it is told otherwise: `FAIL_PERCENT` and `FAIL_STATUS` in its environment, `FAIL_PODS` (a regular expression over pod
 * names) to fail only there, or a request to `/fail?status=503&percent=100` and `/recover`, which change the one pod that is asked.
 * `FAIL_MODE=drop` closes connections instead of answering; `DELAY_MILLISECONDS` makes it slow, and its page `/slow` always is.
 */
export const flaky: Image = {
  program: server({
    binaries: ['flaky'],
    ports: port,
    banner: ({ env }) => [`flaky ${env['VERSION'] ?? 'v1'} listening on :${env['PORT'] ?? 8080}`],
    handler: (context) => {
      const { env, random, clock, pod } = context
      const isMeant = new RegExp(env['FAIL_PODS'] ?? '').test(pod.metadata.name)
      let percent = isMeant ? Number(env['FAIL_PERCENT'] ?? 0) : 0
      let status = Number(env['FAIL_STATUS'] ?? 503)
      const always = Number(env['DELAY_MILLISECONDS'] ?? 0)
      return logged(context, async (request) => {
        const path = pathOf(request.path)
        const query = queryOf(request.path)
        if (path === '/healthz' || path === '/readyz') return text(200, 'ok\n')
        if (path === '/fail') {
          percent = Number(query.get('percent') ?? 100)
          status = Number(query.get('status') ?? status)
          return json(200, { pod: pod.metadata.name, percent, status })
        }
        if (path === '/recover') {
          percent = 0
          return json(200, { pod: pod.metadata.name, percent })
        }
        const delay = path === '/slow' ? Math.max(always, SLOW_PAGE_MILLISECONDS) : always
        if (delay > 0) await new Promise<void>((resolve) => void clock.after(delay, resolve))
        if (random.next() * 100 < percent)
          return env['FAIL_MODE'] === 'drop' ? dropped : json(status, { pod: pod.metadata.name, error: 'told to fail' })
        return json(200, { pod: pod.metadata.name, version: env['VERSION'] ?? 'v1' })
      })
    },
  }),
  usage: { idleMilliCpu: 1, milliCpuPerRequestPerSecond: 0.3, memoryBytes: 12 * 2 ** 20 },
  userId: 1000,
}

/** One line of the log for each answer. */
function logged({ log }: ProgramContext, handler: HttpHandler): HttpHandler {
  return async (request, meta) => {
    const response = await handler(request, meta)
    if (!/^\/(healthz|readyz)/.test(request.path))
      log(`${request.method} ${request.path} ${response.status || 'dropped'} from ${meta.sourceIp}`)
    return response
  }
}
