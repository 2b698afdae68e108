/** What validation of one object has found so far. */
export class Findings {
  readonly errors: string[] = []
  readonly warnings: string[] = []
  #listed = false

  error(text: string): void {
    this.errors.push(text)
  }

  /** An error that istiod collects in a list of its own: even alone it is printed as "1 error occurred". */
  listed(text: string): void {
    this.errors.push(text)
    this.#listed = true
  }

  warn(text: string): void {
    this.warnings.push(text)
  }

  /** All errors as istiod prints them: one alone, several as a list. Undefined when there are none. */
  get message(): string | undefined {
    const [first, ...rest] = this.errors
    if (first === undefined) return undefined
    if (rest.length === 0 && !this.#listed) return first
    const count = rest.length === 0 ? '1 error occurred' : `${this.errors.length} errors occurred`
    return `${count}:\n${this.errors.map((error) => `\t* ${error}\n`).join('')}\n`
  }
}
