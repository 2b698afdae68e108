const fieldRef = (fieldPath: string): Record<string, unknown> => ({ fieldRef: { apiVersion: 'v1', fieldPath } })

/** Environment variable from a field of the pod. */
export function fromField(name: string, fieldPath: string): Record<string, unknown> {
  return { name, valueFrom: fieldRef(fieldPath) }
}

/** The downward API volume with the pod's labels and annotations. */
export function podinfoVolume(name: string): Record<string, unknown> {
  return {
    name,
    downwardAPI: {
      items: [
        { path: 'labels', fieldRef: { fieldPath: 'metadata.labels' } },
        { path: 'annotations', fieldRef: { fieldPath: 'metadata.annotations' } },
      ],
    },
  }
}

/** The token that proves the workload's identity to istiod's CA. */
export function istioTokenVolume(audience: string): Record<string, unknown> {
  return {
    name: 'istio-token',
    projected: {
      sources: [{ serviceAccountToken: { audience, expirationSeconds: 43200, path: 'istio-token' } }],
    },
  }
}
