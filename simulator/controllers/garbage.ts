import {
  createWorkQueue,
  type KubeObject,
  type OwnerReference,
  type ResourceName,
  type WatchEvent,
} from '../kubernetes/index.ts'
import { manager, together, type Controller, type ControllerContext } from './controller.ts'
import { watchEverything } from './every-resource.ts'

const foreground = 'foregroundDeletion'
const orphan = 'orphan'

/** Where an object is to be found again. */
interface Place {
  resource: ResourceName
  namespace: string | undefined
  name: string
  uid: string
}

/** Deletes what has lost its owners, and serves the foreground and orphan deletion of owners. */
export const garbageCollector: Controller = (context) => new Collector(context)

class Collector implements Disposable {
  readonly #context: ControllerContext
  /** Objects that exist, by uid. */
  readonly #places = new Map<string, Place>()
  /** Dependants by the uid of an owner. */
  readonly #dependants = new Map<string, Set<string>>()
  readonly #owners = new Map<string, readonly OwnerReference[]>()
  readonly #parts: Disposable
  readonly #queue

  constructor(context: ControllerContext) {
    this.#context = context
    const { api, clock, report } = context
    this.#queue = createWorkQueue({ clock, report, reconcile: (uid) => this.#reconcile(uid) })
    this.#parts = together([watchEverything(api, (resource, event) => this.#see(resource, event)), this.#queue])
  }

  [Symbol.dispose](): void {
    this.#parts[Symbol.dispose]()
  }

  #see(resource: ResourceName, { type, object, previous }: WatchEvent): void {
    const { uid, name, namespace, ownerReferences = [] } = object.metadata
    for (const owner of this.#owners.get(uid) ?? []) this.#dependants.get(owner.uid)?.delete(uid)
    if (type === 'DELETED') {
      this.#places.delete(uid)
      this.#owners.delete(uid)
      for (const dependant of this.#dependants.get(uid) ?? []) this.#queue.add(dependant)
      for (const owner of ownerReferences) this.#lookIfEnding(owner.uid)
      return
    }
    this.#places.set(uid, { resource, namespace, name, uid })
    if (ownerReferences.length > 0) this.#owners.set(uid, ownerReferences)
    else this.#owners.delete(uid)
    for (const owner of ownerReferences) {
      const set = this.#dependants.get(owner.uid) ?? new Set<string>()
      this.#dependants.set(owner.uid, set.add(uid))
      // Objects are told resource by resource: an owner that is not known yet may only come later.
      if (!this.#places.has(owner.uid)) this.#queue.addAfter(uid, unknownOwnerMilliseconds)
    }
    const lost = (previous?.metadata.ownerReferences ?? []).filter(
      (before) => !ownerReferences.some((now) => now.uid === before.uid),
    )
    for (const owner of lost) this.#lookIfEnding(owner.uid)
    if (object.metadata.deletionTimestamp !== undefined && waitsForUs(object)) this.#queue.add(uid)
  }

  #lookIfEnding(uid: string): void {
    const place = this.#places.get(uid)
    const object = place && this.#get(place)
    if (object?.metadata.deletionTimestamp !== undefined && waitsForUs(object)) this.#queue.add(uid)
  }

  #get({ resource, namespace, name, uid }: Place): KubeObject | undefined {
    const object = this.#context.api.get(resource, namespace, name)
    return object?.metadata.uid === uid ? object : undefined
  }

  async #reconcile(uid: string): Promise<void> {
    const place = this.#places.get(uid)
    const object = place && this.#get(place)
    if (place === undefined || object === undefined) return
    const { finalizers = [], deletionTimestamp } = object.metadata
    if (deletionTimestamp !== undefined) {
      if (finalizers.includes(orphan)) await this.#orphanDependants(place)
      else if (finalizers.includes(foreground)) await this.#deleteDependants(place)
      return
    }
    await this.#judge(place, object)
  }

  /** An object all of whose owners are gone goes too; with an owner left, only the dangling references do. */
  async #judge(place: Place, object: KubeObject): Promise<void> {
    const owners = object.metadata.ownerReferences ?? []
    const gone = owners.filter((owner) => this.#isGone(owner, place.namespace))
    if (gone.length === 0 || owners.length === 0) return
    const { api } = this.#context
    const { resource, namespace, name, uid } = place
    if (gone.length < owners.length) {
      const kept = owners.filter((owner) => !gone.includes(owner))
      await api.mutate(resource, namespace, name, ({ metadata }) => void (metadata.ownerReferences = kept), { manager })
      return
    }
    // What is held by a foreground deletion further up goes the same way.
    const { finalizers = [] } = object.metadata
    const propagation = finalizers.includes(orphan)
      ? 'Orphan'
      : finalizers.includes(foreground)
        ? 'Foreground'
        : 'Background'
    await api.delete(resource, namespace, name, { uid, propagation, manager })
  }

  #isGone(owner: OwnerReference, namespace: string | undefined): boolean {
    const place = this.#places.get(owner.uid)
    if (place === undefined) return true
    // A cluster-scoped dependant cannot be owned from inside a namespace; such a reference counts as dangling.
    return place.namespace !== undefined && place.namespace !== namespace
  }

  async #deleteDependants(owner: Place): Promise<void> {
    const { api } = this.#context
    const dependants = this.#dependantsOf(owner)
    let blocked = false
    for (const { place, object, reference } of dependants) {
      if (reference.blockOwnerDeletion === true) blocked = true
      if (object.metadata.deletionTimestamp !== undefined) continue
      const others = (object.metadata.ownerReferences ?? []).filter(
        ({ uid }) => uid !== owner.uid && this.#places.has(uid),
      )
      if (others.length > 0) {
        await api.mutate(
          place.resource,
          place.namespace,
          place.name,
          ({ metadata }) => void (metadata.ownerReferences = others),
          { manager },
        )
        continue
      }
      await api.delete(place.resource, place.namespace, place.name, {
        uid: place.uid,
        propagation: 'Foreground',
        manager,
      })
    }
    if (!blocked || this.#dependantsOf(owner).every(({ reference }) => reference.blockOwnerDeletion !== true)) {
      await this.#dropFinalizer(owner, foreground)
    }
  }

  async #orphanDependants(owner: Place): Promise<void> {
    for (const { place } of this.#dependantsOf(owner)) {
      await this.#context.api.mutate(
        place.resource,
        place.namespace,
        place.name,
        ({ metadata }) => {
          const kept = (metadata.ownerReferences ?? []).filter(({ uid }) => uid !== owner.uid)
          if (kept.length > 0) metadata.ownerReferences = kept
          else delete metadata.ownerReferences
        },
        { manager },
      )
    }
    await this.#dropFinalizer(owner, orphan)
  }

  #dependantsOf(owner: Place): { place: Place; object: KubeObject; reference: OwnerReference }[] {
    return [...(this.#dependants.get(owner.uid) ?? [])].flatMap((uid) => {
      const place = this.#places.get(uid)
      const object = place && this.#get(place)
      const reference = object?.metadata.ownerReferences?.find((other) => other.uid === owner.uid)
      return place && object && reference ? [{ place, object, reference }] : []
    })
  }

  async #dropFinalizer({ resource, namespace, name, uid }: Place, finalizer: string): Promise<void> {
    await this.#context.api.mutate(
      resource,
      namespace,
      name,
      ({ metadata }) => {
        if (metadata.uid !== uid) return false
        const kept = (metadata.finalizers ?? []).filter((other) => other !== finalizer)
        if (kept.length > 0) metadata.finalizers = kept
        else delete metadata.finalizers
      },
      { manager },
    )
  }
}

const unknownOwnerMilliseconds = 500

function waitsForUs({ metadata }: KubeObject): boolean {
  return metadata.finalizers?.some((finalizer) => finalizer === foreground || finalizer === orphan) ?? false
}
