import type { Api, KubeObject } from '../kubernetes/index.ts'
import { SharedDirectory, type Mount } from '../programs/index.ts'

/**
 * What containers write to their volumes: an emptyDir lives as long as its pod, over restarts of containers; a claim's files are there for
 * every pod that mounts it, until the claim is deleted. Kept in memory: they are gone when the host ends.
 */
export class SharedVolumes implements Disposable {
  readonly #api: Api
  readonly #watches: readonly Disposable[]
  /** By the uid of the pod or claim, then by volume (and path in it). */
  readonly #directories = new Map<string, Map<string, SharedDirectory>>()

  constructor(api: Api) {
    this.#api = api
    this.#watches = ['pods', 'persistentvolumeclaims'].map((resource) =>
      api.watch(resource, ({ type, object }) => {
        if (type === 'DELETED') this.#directories.delete(object.metadata.uid)
      }),
    )
  }

  /** The mounts of one container of a pod. */
  mountsOf(pod: KubeObject, container: KubeObject['spec']): Mount[] {
    const mounts: Mount[] = []
    for (const { name, mountPath, subPath = '' } of container.volumeMounts ?? []) {
      const volume = (pod.spec.volumes ?? []).find((one: { name: string }) => one.name === name)
      const owner = this.#ownerOf(pod, volume)
      const path = mountPath.replace(/\/+$/, '')
      // A mount point inside another one is not supported by the shell's files: the outer one stands.
      const isNested = mounts.some((other) => path.startsWith(`${other.path}/`) || other.path.startsWith(`${path}/`))
      if (owner === undefined || path === '' || isNested) continue
      mounts.push({ path, directory: this.#directory(owner.uid, `${owner.volume}/${subPath}`) })
    }
    return mounts
  }

  [Symbol.dispose](): void {
    for (const watch of this.#watches) watch[Symbol.dispose]()
    this.#directories.clear()
  }

  #ownerOf(pod: KubeObject, volume: KubeObject['spec']): { uid: string; volume: string } | undefined {
    if (volume?.emptyDir) return { uid: pod.metadata.uid, volume: volume.name }
    // A generic ephemeral volume is a claim named after pod and volume.
    const claim =
      volume?.persistentVolumeClaim?.claimName ?? (volume?.ephemeral && `${pod.metadata.name}-${volume.name}`)
    if (claim === undefined) return undefined
    const stored = this.#api.get('persistentvolumeclaims', pod.metadata.namespace, claim)
    return stored && { uid: stored.metadata.uid, volume: '' }
  }

  #directory(owner: string, key: string): SharedDirectory {
    const directories = this.#directories.get(owner) ?? new Map<string, SharedDirectory>()
    this.#directories.set(owner, directories)
    const directory = directories.get(key) ?? new SharedDirectory()
    directories.set(key, directory)
    return directory
  }
}
