/**
 * Tells the server which page of the lesson is open, one page after the other: the last that it hears of is the last that was
 * turned to, however quickly pages were turned and whatever became of an earlier request.
 */
export class PageTurns {
  readonly #tell: (step: string) => Promise<void>
  #open: string | undefined
  /** What the server is known to know. */
  #told: string | undefined
  #telling = false

  constructor(tell: (step: string) => Promise<void>) {
    this.#tell = tell
  }

  /** @throws what `tell` throws; the next turn, or `catchUp`, tries again */
  async turnTo(step: string): Promise<void> {
    this.#open = step
    await this.catchUp()
  }

  /** Tells what could not be told. */
  async catchUp(): Promise<void> {
    if (this.#telling) return
    this.#telling = true
    try {
      while (this.#open !== undefined && this.#open !== this.#told) {
        const step = this.#open
        // The server may hear of it even when its answer is lost.
        this.#told = undefined
        await this.#tell(step)
        this.#told = step
      }
    } finally {
      this.#telling = false
    }
  }
}
