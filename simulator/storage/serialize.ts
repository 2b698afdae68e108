import type { KubeObject } from '../kubernetes/index.ts'

const texts = new WeakMap<KubeObject, string>()

/** JSON of a stored object, made once: stored objects never change. Type and identity come first, as API servers write them. */
export function jsonOf(object: KubeObject): string {
  let text = texts.get(object)
  if (text === undefined) {
    const { kind, apiVersion, metadata, ...rest } = object
    const { name, generateName, namespace, uid, resourceVersion, generation, creationTimestamp, ...others } = metadata
    const ordered = { name, generateName, namespace, uid, resourceVersion, generation, creationTimestamp, ...others }
    text = JSON.stringify({ kind, apiVersion, metadata: ordered, ...rest })
    if (Object.isFrozen(object)) texts.set(object, text)
  }
  return text
}

/** Freezes a value with all that it holds. */
export function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  for (const inner of Object.values(value)) deepFreeze(inner)
  return Object.freeze(value)
}
