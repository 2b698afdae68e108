import { workspaceError } from '../../../protocol/errors/workspace.ts'
import type { FromHost } from './messages.ts'

/** A host could not do what it was asked. */
export class HostRefusal extends Error {
  /** An error code of ours (FILE_OUTSIDE_HOME) or of the system (ENOSPC), where it named one. */
  readonly code: string | undefined
  constructor(reason: string, code: string | undefined) {
    super(reason)
    this.code = code
  }
}

export type Answer = Extract<FromHost, { request: number }>

interface Waiting {
  wanted: Answer['type']
  resolve(answer: Answer): void
  reject(error: Error): void
  late: NodeJS.Timeout
}

/** What a host was asked and has not answered yet. Nobody waits for ever, nor takes another answer than the one that was asked for. */
export class Requests {
  readonly #waiting = new Map<number, Waiting>()
  #count = 0

  /** `answered` rejects with a HostRefusal, or with an error for the learner when nothing was said in time. */
  add(wanted: Answer['type'], milliseconds: number): { request: number; answered: Promise<Answer> } {
    const request = (this.#count += 1)
    const answered = new Promise<Answer>((resolve, reject) => {
      const late = setTimeout(() => {
        this.#waiting.delete(request)
        reject(workspaceError('TERMINALS_SILENT', { reason: `nothing came within ${milliseconds / 1000} s` }))
      }, milliseconds)
      this.#waiting.set(request, { wanted, resolve, reject, late })
    })
    return { request, answered }
  }

  settle(answer: Answer): void {
    const waiting = this.#waiting.get(answer.request)
    if (waiting === undefined || (answer.type !== waiting.wanted && answer.type !== 'refused')) return
    this.#waiting.delete(answer.request)
    clearTimeout(waiting.late)
    if (answer.type === 'refused') waiting.reject(new HostRefusal(answer.reason, answer.code))
    else waiting.resolve(answer)
  }

  rejectAll(error: Error): void {
    for (const waiting of this.#waiting.values()) {
      clearTimeout(waiting.late)
      waiting.reject(error)
    }
    this.#waiting.clear()
  }
}
