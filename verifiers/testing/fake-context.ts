import type { Evidence } from '../../protocol/verdict.ts'
import type { ProbeAnswer, ProbeRefusal, ProbeRequest, ProbeResult } from '../../protocol/probe.ts'
import type { Answer, CheckContext, DryRun, Resource, Verifier } from '../context.ts'

/** A check context of canned answers: what the cluster holds, and what each probe gets. The real one is exercised by `labwright test`. */
export interface World {
  objects?: Resource[]
  dryRun?: DryRun
  /** Answers to a probe; `sidecar` defaults to what the request asks for. */
  probe?: (request: ProbeRequest) => ProbeAnswer[] | ProbeRefusal | { sidecar: boolean; answers: ProbeAnswer[] }
}

export async function verify(
  verifier: Verifier,
  given: Record<string, unknown>,
  world: World,
): Promise<Answer & { evidence: Evidence[] }> {
  const evidence: Evidence[] = []
  const objects = world.objects ?? []
  const matches = (object: Resource, plural: string): boolean =>
    `${object.kind.toLowerCase()}s` === plural || object.kind.toLowerCase().replace(/y$/, 'ies') === plural
  const context: CheckContext = {
    kubernetes: {
      get: (kind, name, namespace) =>
        Promise.resolve(
          objects.find(
            (o) => matches(o, kind.plural) && o.metadata.name === name && o.metadata.namespace === namespace,
          ) as never,
        ),
      list: (kind, { namespace, labelSelector } = {}) => {
        const [key, value] = labelSelector?.split('=') ?? []
        return Promise.resolve(
          objects.filter(
            (o) =>
              matches(o, kind.plural) &&
              (namespace === undefined || o.metadata.namespace === namespace) &&
              (key === undefined || o.metadata.labels?.[key] === value),
          ) as never,
        )
      },
      dryRunPod: () => Promise.resolve(world.dryRun ?? { admitted: false, message: 'no pods here' }),
    },
    probe(request) {
      const result = world.probe?.(request) ?? []
      if ('refusal' in result) return Promise.resolve(result)
      const sidecar = request.from.kind === 'workload' || request.from.sidecar === 'as-injected'
      const whole: ProbeResult = Array.isArray(result)
        ? { caller: 'someone', sidecar, answers: result }
        : { caller: 'someone', ...result }
      return Promise.resolve(whole)
    },
    eventually: (attempt) => attempt(),
    report: (one) => evidence.push(one),
    signal: new AbortController().signal,
  }
  return { ...(await verifier.verify(context, verifier.parameters(given))), evidence }
}

export const served = (count = 1, body = 'ok'): ProbeAnswer => ({ count, status: 200, body })
export const denied = (count = 1): ProbeAnswer => ({ count, status: 403, body: 'RBAC: access denied' })
export const failedWith = (kind: NonNullable<ProbeAnswer['failure']>['kind'], count = 1): ProbeAnswer => ({
  count,
  failure: { kind, message: kind },
})
export const overflow = (count = 1): ProbeAnswer => ({
  count,
  status: 503,
  body: 'upstream connect error or disconnect/reset before headers. reset reason: overflow',
  headers: { 'x-envoy-overloaded': 'true' },
})

/** A pod of app and version, with or without a proxy. */
export function pod(
  name: string,
  more: { namespace?: string; app?: string; version?: string; proxy?: 'ready' | 'unready' | 'none' } = {},
): Resource {
  const { namespace = 'default', app = 'web', version = 'v1', proxy = 'none' } = more
  const proxies = proxy === 'none' ? [] : [{ name: 'istio-proxy', restartPolicy: 'Always' }]
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace, labels: { app, version } },
    spec: { initContainers: proxies, containers: [{ name: 'web' }] },
    status: {
      phase: 'Running',
      initContainerStatuses: proxies.map(() => ({ name: 'istio-proxy', ready: proxy === 'ready' })),
    },
  }
}
