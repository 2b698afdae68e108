import {
  forbidden,
  type AdmissionPlugin,
  type Api,
  type KubeObject,
  type NewObject,
  type Random,
} from '../kubernetes/index.ts'

const MOUNT_PATH = '/var/run/secrets/kubernetes.io/serviceaccount'
/** An hour, and a few seconds by which real clusters recognise tokens that may be extended. */
const TOKEN_SECONDS = 3607
const FILE_MODE = 0o644

interface Container {
  volumeMounts?: { name: string; readOnly?: boolean; mountPath: string }[]
}

/** Every pod runs as a service account, and finds its token where programs look for it. */
export function serviceAccount(api: Api, random: Random): AdmissionPlugin {
  return {
    name: 'ServiceAccount',
    handles: ({ resource, operation, subresource }) =>
      resource.plural === 'pods' && resource.group === '' && operation === 'CREATE' && subresource === undefined,
    mutate({ object: pod, namespace = '', name, resource }) {
      if (pod === undefined || pod.metadata.annotations?.['kubernetes.io/config.mirror'] !== undefined) return
      const spec = pod['spec'] as Record<string, unknown>
      const accountName = (spec['serviceAccountName'] as string | undefined) || 'default'
      spec['serviceAccountName'] = accountName
      spec['serviceAccount'] = accountName
      const account = api.get('serviceaccounts', namespace, accountName)
      if (account === undefined) {
        const why = `error looking up service account ${namespace}/${accountName}: serviceaccount "${accountName}" not found`
        throw forbidden(resource, name, why)
      }
      if (mountsToken(pod, account)) mountToken(pod, `kube-api-access-${random.suffix(5)}`)
      if (!spec['imagePullSecrets'] && account['imagePullSecrets'])
        spec['imagePullSecrets'] = structuredClone(account['imagePullSecrets'])
    },
  }
}

function mountsToken(pod: NewObject, account: KubeObject): boolean {
  return (pod['spec'].automountServiceAccountToken ?? account['automountServiceAccountToken'] ?? true) as boolean
}

function mountToken(pod: NewObject, volume: string): void {
  const spec = pod['spec'] as { containers?: Container[]; initContainers?: Container[]; volumes?: unknown[] }
  let mounted = false
  for (const container of [...(spec.initContainers ?? []), ...(spec.containers ?? [])]) {
    if (container.volumeMounts?.some(({ mountPath }) => mountPath === MOUNT_PATH)) continue
    container.volumeMounts = [
      ...(container.volumeMounts ?? []),
      { name: volume, readOnly: true, mountPath: MOUNT_PATH },
    ]
    mounted = true
  }
  if (mounted)
    spec.volumes = [
      ...(spec.volumes ?? []),
      { name: volume, projected: { sources: tokenSources(), defaultMode: FILE_MODE } },
    ]
}

function tokenSources(): unknown[] {
  return [
    { serviceAccountToken: { expirationSeconds: TOKEN_SECONDS, path: 'token' } },
    { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
    {
      downwardAPI: { items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }] },
    },
  ]
}
