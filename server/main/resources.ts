/** What was opened, closed again in the opposite order. One that fails to close does not keep the others open. */
export class Resources implements AsyncDisposable {
  readonly #open: AsyncDisposable[] = []
  #closing: Promise<void> | undefined

  add<T extends AsyncDisposable>(resource: T): T {
    this.#open.push(resource)
    return resource
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    const errors: unknown[] = []
    for (const resource of this.#open.splice(0).reverse()) {
      try {
        await resource[Symbol.asyncDispose]()
      } catch (error) {
        errors.push(error)
      }
    }
    if (errors.length > 0) throw new AggregateError(errors, 'not everything could be closed')
  }
}
