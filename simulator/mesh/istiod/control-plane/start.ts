import { ApiError, type Api } from '../../../kubernetes/index.ts'
import type { ControlPlane, IstiodContext } from '../../../programs/istiod.ts'
import { allocateAddresses } from './addresses.ts'
import { createAuthority, openAuthority, type Authority } from './authority.ts'
import { countConfiguration } from './configuration-metrics.ts'
import { istiodManager, type ControlPlaneContext } from './context.ts'
import { takeLeases } from './leases.ts'
import { Metrics } from './metrics.ts'
import { keepRootCertificates } from './root-certificates.ts'
import { serveMonitoring, serveReadiness, serveWebhooks } from './server.ts'
import { keepWebhookBundles } from './webhook-bundles.ts'

const caSecret = 'istio-ca-secret'

/** Starts what a running istiod does in its cluster. Everything ends with its disposal. */
export async function startControlPlane(container: IstiodContext): Promise<ControlPlane> {
  const { api, clock, env, pod } = container
  const namespace = pod.metadata.namespace ?? 'istio-system'
  const revision = env['REVISION'] === 'default' ? '' : (env['REVISION'] ?? '')
  const authority = await authorityOf(api, namespace, clock.now())
  const metrics = new Metrics(clock.monotonic())
  metrics.set('citadel_server_root_cert_expiry_timestamp', Math.floor(authority.expiresAt / 1000))
  const log = (line: string): void => container.log(line)
  const context: ControlPlaneContext = {
    api,
    clock,
    namespace,
    revision,
    identity: pod.metadata.name,
    authority,
    metrics,
    log,
  }
  const parts = [
    keepRootCertificates(context),
    keepWebhookBundles(context),
    allocateAddresses(context),
    countConfiguration(context),
  ]
  await takeLeases(context)
  return {
    serve: (port, request) => {
      if (port === 15017) return serveWebhooks(context, request)
      if (port === 15014) return serveMonitoring(context, request)
      return serveReadiness(() => true, request)
    },
    [Symbol.dispose]() {
      for (const part of parts) part[Symbol.dispose]()
    },
  }
}

/** The root of before, from its Secret, or a new one: proxies keep their trust when istiod restarts. */
async function authorityOf(api: Api, namespace: string, now: number): Promise<Authority> {
  const kept = api.get('secrets', namespace, caSecret)?.['data']
  const text = (key: string): string => Buffer.from(kept?.[key] ?? '', 'base64').toString()
  if (kept !== undefined) return openAuthority({ certificate: text('ca-cert.pem'), key: text('ca-key.pem') })
  const made = createAuthority('cluster.local', now)
  const encode = (value: string): string => Buffer.from(value).toString('base64')
  const data = {
    'ca-cert.pem': encode(made.rootCertificate),
    'ca-key.pem': encode(made.key),
    'cert-chain.pem': '',
    'key.pem': '',
    'root-cert.pem': '',
  }
  const secret = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: caSecret, namespace },
    type: 'istio.io/ca-root',
    data,
  }
  try {
    await api.create(secret, { manager: istiodManager })
  } catch (error) {
    // Another replica was faster: its root is the mesh's.
    if (error instanceof ApiError && error.reason === 'AlreadyExists') return authorityOf(api, namespace, now)
    throw error
  }
  return made
}
