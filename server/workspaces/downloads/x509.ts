type X509 = typeof import('@peculiar/x509')

/** The part of the metadata proposal that x509's dependency container asks for; Node has none, and the library brings none. */
interface Metadata {
  getMetadata?: (key: string, target: object) => unknown
  getOwnMetadata?: (key: string, target: object) => unknown
  defineMetadata?: (key: string, value: unknown, target: object) => void
}

let loaded: Promise<X509> | undefined

/** Loads the library when the first certificate is made; it would cost every start its time otherwise. */
export function loadX509(): Promise<X509> {
  const reflect = Reflect as Metadata
  if (reflect.getMetadata === undefined) {
    const kept = new WeakMap<object, Map<string, unknown>>()
    reflect.getOwnMetadata = (key, target) => kept.get(target)?.get(key)
    reflect.getMetadata = (key, target) => {
      for (let at: object | null = target; at !== null; at = Object.getPrototypeOf(at) as object | null)
        if (kept.get(at)?.has(key) === true) return kept.get(at)?.get(key)
      return undefined
    }
    reflect.defineMetadata = (key, value, target) => {
      const own = kept.get(target) ?? new Map<string, unknown>()
      kept.set(target, own.set(key, value))
    }
  }
  loaded ??= import('@peculiar/x509')
  return loaded
}
