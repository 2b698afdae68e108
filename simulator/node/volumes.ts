import type { Api, KubeObject } from '../kubernetes/index.ts'
import type { NodeOptions } from './contract.ts'
import { fieldValue } from './environment.ts'

/** Why a volume cannot be mounted: becomes a FailedMount event. */
export class MountError extends Error {}

/** A claim that is about to be bound: a real scheduler would have waited for it, so nobody is told. */
export class ClaimUnbound extends MountError {}

type Files = Map<string, Uint8Array | string>

/** Files by the name of their volume. */
export type Volumes = Map<string, Files>

/** What volumes are filled from, besides their own sources. */
export interface VolumeContext {
  api: Api
  pod: KubeObject
  podIP: string
  nodeIP: string
  issueToken: NodeOptions['issueToken']
}

/** Files of all volumes of a pod by volume name; those that containers write to are `SharedVolumes`. Throws MountError. */
export function volumeFiles(context: VolumeContext): Volumes {
  const volumes: Volumes = new Map()
  for (const volume of context.pod.spec.volumes ?? []) volumes.set(volume.name, filesOf(context, volume, volume.name))
  return volumes
}

/** Absolute paths and contents of what a container sees of those volumes. */
export function mountedFiles(container: KubeObject['spec'], volumes: ReadonlyMap<string, Files>): Files {
  const files: Files = new Map()
  for (const { name, mountPath, subPath } of container.volumeMounts ?? []) {
    const base = mountPath.replace(/\/+$/, '')
    for (const [path, content] of volumes.get(name) ?? []) {
      if (subPath === undefined || subPath === '') files.set(`${base}/${path}`, content)
      else if (path === subPath) files.set(base, content)
      else if (path.startsWith(`${subPath}/`)) files.set(`${base}/${path.slice(subPath.length + 1)}`, content)
    }
  }
  return files
}

function filesOf(context: VolumeContext, source: KubeObject['spec'], volume: string): Files {
  const { api, pod } = context
  if (source.configMap) return objectFiles(api, pod, 'configmap', source.configMap.name, source.configMap, volume)
  if (source.secret) {
    return objectFiles(api, pod, 'secret', source.secret.secretName ?? source.secret.name, source.secret, volume)
  }
  if (source.downwardAPI) return downwardFiles(pod, source.downwardAPI.items ?? [], context)
  if (source.serviceAccountToken) return tokenFile(context, source.serviceAccountToken, volume)
  if (source.projected) {
    const files: Files = new Map()
    for (const part of source.projected.sources ?? []) {
      for (const [path, content] of filesOf(context, part, volume)) files.set(path, content)
    }
    return files
  }
  if (source.persistentVolumeClaim) assertBound(api, pod, source.persistentVolumeClaim.claimName)
  return new Map()
}

function tokenFile(
  { pod, issueToken }: VolumeContext,
  { path, audience, expirationSeconds }: { path: string; audience?: string; expirationSeconds: number },
  volume: string,
): Files {
  if (issueToken === undefined) return new Map()
  const token = issueToken(pod, { expirationSeconds, ...(audience && { audience }) })
  if (token !== undefined) return new Map([[path, token]])
  throw new MountError(
    `MountVolume.SetUp failed for volume "${volume}" : failed to fetch token: serviceaccounts "${pod.spec.serviceAccountName}" not found`,
  )
}

function objectFiles(
  api: Api,
  pod: KubeObject,
  kind: 'configmap' | 'secret',
  name: string,
  { items, optional }: { items?: { key: string; path: string }[]; optional?: boolean },
  volume: string,
): Files {
  const object = api.get(`${kind}s`, pod.metadata.namespace, name)
  if (object === undefined) {
    if (optional) return new Map()
    throw new MountError(`MountVolume.SetUp failed for volume "${volume}" : ${kind} "${name}" not found`)
  }
  const all: Files = new Map()
  const encoded: Record<string, string> = kind === 'secret' ? (object.data ?? {}) : (object.binaryData ?? {})
  if (kind === 'configmap') for (const [key, text] of Object.entries<string>(object.data ?? {})) all.set(key, text)
  for (const [key, base64] of Object.entries(encoded)) all.set(key, Buffer.from(base64, 'base64'))
  if (items === undefined) return all
  const chosen: Files = new Map()
  for (const { key, path } of items) {
    const content = all.get(key)
    if (content !== undefined) chosen.set(path, content)
    else if (!optional) {
      throw new MountError(
        `MountVolume.SetUp failed for volume "${volume}" : references non-existent ${kind === 'secret' ? 'secret' : 'config'} key: ${key}`,
      )
    }
  }
  return chosen
}

function downwardFiles(
  pod: KubeObject,
  items: { path: string; fieldRef?: { fieldPath: string } }[],
  where: { podIP: string; nodeIP: string },
): Files {
  return new Map(items.map(({ path, fieldRef }) => [path, fieldRef ? fieldValue(pod, fieldRef.fieldPath, where) : '']))
}

function assertBound(api: Api, pod: KubeObject, name: string): void {
  const claim = api.get('persistentvolumeclaims', pod.metadata.namespace, name)
  if (claim?.status?.phase !== 'Bound') {
    throw new ClaimUnbound(`Unable to attach or mount volumes: claim "${name}" is not bound`)
  }
}
