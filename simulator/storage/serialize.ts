import type { KubeObject } from '../kubernetes/index.ts'

const texts = new WeakMap<KubeObject, string>()

/** JSON of a stored object, made once: stored objects never change. `kind` and `apiVersion` come first, as API servers write them. */
export function jsonOf(object: KubeObject): string {
  let text = texts.get(object)
  if (text === undefined) {
    const { kind, apiVersion, ...rest } = object
    text = JSON.stringify({ kind, apiVersion, ...rest })
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
