/** The last bytes of a terminal's output, addressed by their offset in the whole output. */
export class OutputRing {
  readonly #bytes: Buffer
  #end = 0

  /** `capacity` in bytes. */
  constructor(capacity: number) {
    this.#bytes = Buffer.alloc(capacity)
  }

  /** Offset after the last byte: how much was ever written. */
  get end(): number {
    return this.#end
  }

  /** Offset of the oldest byte that is still there. */
  get start(): number {
    return Math.max(0, this.#end - this.#bytes.length)
  }

  append(chunk: Uint8Array): void {
    const capacity = this.#bytes.length
    const kept = chunk.length > capacity ? chunk.subarray(chunk.length - capacity) : chunk
    this.#end += chunk.length - kept.length
    const at = this.#end % capacity
    const first = Math.min(kept.length, capacity - at)
    this.#bytes.set(kept.subarray(0, first), at)
    this.#bytes.set(kept.subarray(first), 0)
    this.#end += kept.length
  }

  /** A copy of at most `limit` bytes from `offset` on; empty at the end. Throws when `offset` was overwritten. */
  read(offset: number, limit: number): Buffer {
    if (offset < this.start) throw new RangeError(`offset ${offset} is gone, the oldest is ${this.start}`)
    const length = Math.max(0, Math.min(limit, this.#end - offset))
    const at = offset % this.#bytes.length
    const first = Math.min(length, this.#bytes.length - at)
    return Buffer.concat([this.#bytes.subarray(at, at + first), this.#bytes.subarray(0, length - first)])
  }
}
