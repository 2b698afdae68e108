/** What was typed and not yet read. */
export class InputQueue {
  #waiting: (() => void) | undefined
  #items: string[] = []
  #ended = false

  push(text: string): void {
    this.#items.push(text)
    this.#wake()
  }

  putBack(text: string): void {
    this.#items.unshift(text)
    this.#wake()
  }

  clear(): void {
    this.#items = []
  }

  end(): void {
    this.#ended = true
    this.#wake()
  }

  /** The next piece; undefined at the end, or when the signal fires. */
  async next(signal: AbortSignal): Promise<string | undefined> {
    while (this.#items.length === 0 && !this.#ended && !signal.aborted) {
      await new Promise<void>((resolve) => {
        this.#waiting = resolve
        signal.addEventListener('abort', () => resolve(), { once: true })
      })
    }
    return signal.aborted ? undefined : this.#items.shift()
  }

  #wake(): void {
    this.#waiting?.()
    this.#waiting = undefined
  }
}
