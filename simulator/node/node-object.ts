import { microTimestamp, timestamp, type Api, type Clock, type KubeObject } from '../kubernetes/index.ts'
import { nodeAddress } from '../network/index.ts'

const leaseSeconds = 40
const renewMilliseconds = 10_000
const heartbeatMilliseconds = 300_000

const capacity = {
  cpu: '8',
  'ephemeral-storage': '102400Mi',
  'hugepages-1Gi': '0',
  'hugepages-2Mi': '0',
  memory: '16384Mi',
  pods: '110',
}

/** Registers the Node and keeps its lease and heartbeat, as a kubelet does; makes it anew when someone deletes it. */
export function registerNode(
  { api, clock, report }: { api: Api; clock: Clock; report?: ((error: unknown, key: string) => void) | undefined },
  name: string,
): Disposable {
  let disposed = false
  let timer: Disposable | undefined
  let lastHeartbeat = -Infinity

  const beat = async (): Promise<void> => {
    const node = api.get('nodes', undefined, name) ?? (await api.create(newNode(name), { manager: 'kubelet' }))
    if (clock.monotonic() - lastHeartbeat >= heartbeatMilliseconds || node.status?.conditions === undefined) {
      lastHeartbeat = clock.monotonic()
      await api.mutate('nodes', undefined, name, (object) => void (object.status = nodeStatus(clock, object)), {
        subresource: 'status',
        manager: 'kubelet',
      })
    }
    await renewLease(api, clock, node)
  }

  const loop = (): void => {
    if (disposed) return
    beat()
      // Next time it is tried again; a cluster that is being put together may not serve nodes yet.
      .catch((error: unknown) => report?.(error, name))
      .finally(() => {
        if (!disposed) timer = clock.after(renewMilliseconds, loop)
      })
  }
  loop()
  return {
    [Symbol.dispose]() {
      disposed = true
      timer?.[Symbol.dispose]()
    },
  }
}

function newNode(name: string) {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name,
      labels: {
        'beta.kubernetes.io/arch': 'amd64',
        'beta.kubernetes.io/os': 'linux',
        'kubernetes.io/arch': 'amd64',
        'kubernetes.io/hostname': name,
        'kubernetes.io/os': 'linux',
        'node-role.kubernetes.io/control-plane': '',
      },
      annotations: {
        'node.alpha.kubernetes.io/ttl': '0',
        'volumes.kubernetes.io/controller-managed-attach-detach': 'true',
      },
    },
    spec: { podCIDR: '10.244.0.0/16', podCIDRs: ['10.244.0.0/16'] },
  }
}

function nodeStatus(clock: Clock, node: KubeObject): KubeObject['status'] {
  const now = timestamp(clock)
  const before: { type: string; lastTransitionTime: string }[] = node.status?.conditions ?? []
  const condition = (type: string, status: string, reason: string, message: string) => ({
    type,
    status,
    lastHeartbeatTime: now,
    lastTransitionTime: before.find((other) => other.type === type)?.lastTransitionTime ?? now,
    reason,
    message,
  })
  return {
    ...node.status,
    capacity,
    allocatable: capacity,
    conditions: [
      condition('MemoryPressure', 'False', 'KubeletHasSufficientMemory', 'kubelet has sufficient memory available'),
      condition('DiskPressure', 'False', 'KubeletHasNoDiskPressure', 'kubelet has no disk pressure'),
      condition('PIDPressure', 'False', 'KubeletHasSufficientPID', 'kubelet has sufficient PID available'),
      condition('Ready', 'True', 'KubeletReady', 'kubelet is posting ready status'),
    ],
    addresses: [
      { type: 'InternalIP', address: nodeAddress },
      { type: 'Hostname', address: node.metadata.name },
    ],
    daemonEndpoints: { kubeletEndpoint: { Port: 10250 } },
    nodeInfo: {
      machineID: node.metadata.uid.replaceAll('-', ''),
      systemUUID: node.metadata.uid,
      bootID: node.metadata.uid,
      kernelVersion: '6.8.0',
      osImage: 'Debian GNU/Linux 12 (bookworm)',
      containerRuntimeVersion: 'containerd://2.1.3',
      kubeletVersion: 'v1.34.4',
      kubeProxyVersion: '',
      operatingSystem: 'linux',
      architecture: 'amd64',
    },
  }
}

async function renewLease(api: Api, clock: Clock, node: KubeObject): Promise<void> {
  const namespace = 'kube-node-lease'
  const { name, uid } = node.metadata
  const renewTime = microTimestamp(clock)
  const renewed = await api.mutate(
    'leases.coordination.k8s.io',
    namespace,
    name,
    (lease) => void (lease.spec.renewTime = renewTime),
    {
      manager: 'kubelet',
    },
  )
  if (renewed !== undefined || api.get('namespaces', undefined, namespace) === undefined) return
  await api.create(
    {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name, namespace, ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name, uid }] },
      spec: { holderIdentity: name, leaseDurationSeconds: leaseSeconds, renewTime },
    },
    { manager: 'kubelet' },
  )
}
