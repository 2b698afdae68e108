/** Random choices of a cluster come from its seed, so that a run can be repeated. */
export interface Random {
  /** 0 <= x < 1. */
  next(): number
  /** 0 <= i < bound. */
  below(bound: number): number
  /** `length` characters of the alphabet that Kubernetes uses for generated names (no vowels, no look-alikes). */
  suffix(length: number): string
  uuid(): string
  /** An independent stream, named: choices in one room do not shift those of another. */
  fork(name: string): Random
}

const suffixAlphabet = 'bcdfghjklmnpqrstvwxz2456789'

function hash(seed: number, text: string): number {
  let h = seed ^ 0x811c9dc5
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193)
  return h >>> 0
}

/** mulberry32: small, fast, good enough for choices that only have to look random. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
  const below = (bound: number): number => Math.floor(next() * bound)
  const hex = (length: number): string => Array.from({ length }, () => below(16).toString(16)).join('')
  return {
    next,
    below,
    suffix: (length) => Array.from({ length }, () => suffixAlphabet[below(suffixAlphabet.length)]).join(''),
    uuid: () => `${hex(8)}-${hex(4)}-4${hex(3)}-${(8 + below(4)).toString(16)}${hex(3)}-${hex(12)}`,
    fork: (name) => seededRandom(hash(seed, name)),
  }
}
