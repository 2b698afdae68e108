import type { Api, KubeObject } from '../kubernetes/index.ts'
import { istioManifests } from '../mesh/istiod/index.ts'

const READY_MILLISECONDS = 60_000

/**
 * Puts Istio into an empty cluster, as `istioctl install` leaves it with this profile. Resolves when all of it is Available, so that the
 * very next pod is injected.
 */
export async function installIstio(api: Api, profile: string): Promise<void> {
  for (const object of istioManifests({ profile })) await api.apply(object, { manager: 'istio-operator' })
  let watch: Disposable | undefined
  let late: NodeJS.Timeout | undefined
  try {
    await new Promise<void>((resolve, reject) => {
      late = setTimeout(() => reject(new Error('Istio was not Available in time')), READY_MILLISECONDS)
      watch = api.watch('deployments.apps', () => {
        const deployments = api.list('deployments.apps', { namespace: 'istio-system' })
        if (deployments.length > 0 && deployments.every(isAvailable)) resolve()
      })
    })
  } finally {
    watch?.[Symbol.dispose]()
    clearTimeout(late)
  }
}

function isAvailable({ status }: KubeObject): boolean {
  const { conditions = [] } = (status ?? {}) as { conditions?: { type: string; status: string }[] }
  return conditions.some((condition) => condition.type === 'Available' && condition.status === 'True')
}
