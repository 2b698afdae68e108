import type { AdmissionPlugin } from '../kubernetes/index.ts'

/** How long pods stay on a node that is not ready or cannot be reached. */
const TOLERATION_SECONDS = 300
const taints = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable']

interface Toleration {
  key?: string
  operator?: string
  effect?: string
  tolerationSeconds?: number
}

export function defaultTolerations(): AdmissionPlugin {
  return {
    name: 'DefaultTolerationSeconds',
    handles: ({ resource, operation, subresource }) =>
      resource.plural === 'pods' && resource.group === '' && operation === 'CREATE' && subresource === undefined,
    mutate({ object: pod }) {
      const spec = pod?.['spec'] as { tolerations?: Toleration[] } | undefined
      if (spec === undefined) return
      const tolerated = (taint: string): boolean =>
        (spec.tolerations ?? []).some(
          ({ key, effect }) => (key === taint || !key) && (effect === 'NoExecute' || !effect),
        )
      const missing = taints.filter((taint) => !tolerated(taint))
      if (missing.length === 0) return
      const added = missing.map((key) => ({
        key,
        operator: 'Exists',
        effect: 'NoExecute',
        tolerationSeconds: TOLERATION_SECONDS,
      }))
      spec.tolerations = [...(spec.tolerations ?? []), ...added]
    },
  }
}
