import { ApiError, timestamp, type NewObject } from '../../../kubernetes/index.ts'
import { istiodManager, type ControlPlaneContext } from './context.ts'

const leaseSeconds = 30

/** Marks this istiod as the holder of its elections: three old ones in ConfigMaps, two in Leases. */
export async function takeLeases({ api, clock, namespace, identity, revision }: ControlPlaneContext): Promise<void> {
  const rev = revision === '' ? 'default' : revision
  const now = timestamp(clock)
  const leader = JSON.stringify({
    holderIdentity: identity,
    holderKey: rev,
    leaseDurationSeconds: leaseSeconds,
    acquireTime: now,
    renewTime: now,
    leaderTransitions: 0,
  })
  const configMaps = ['istio-leader', 'istio-namespace-controller-election', 'istio-ip-autoallocate'].map(
    (name): NewObject => ({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name, namespace, annotations: { 'control-plane.alpha.kubernetes.io/leader': leader } },
    }),
  )
  const micro = `${now.slice(0, -1)}.000000Z`
  const leases = ['istio-gateway-deployment', 'istio-gateway-status-leader'].map((name): NewObject => ({
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name: `${name}-${rev}`, namespace },
    spec: {
      holderIdentity: identity,
      leaseDurationSeconds: leaseSeconds,
      acquireTime: micro,
      renewTime: micro,
      leaseTransitions: 0,
    },
  }))
  for (const object of [...configMaps, ...leases]) await createOrUpdate(api, object)
}

async function createOrUpdate(api: ControlPlaneContext['api'], object: NewObject): Promise<void> {
  try {
    await api.create(object, { manager: istiodManager })
  } catch (error) {
    if (!(error instanceof ApiError) || error.reason !== 'AlreadyExists') throw error
    await api.update(object, { manager: istiodManager })
  }
}
