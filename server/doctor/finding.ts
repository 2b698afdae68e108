/** `good`: as it should be; `warning`: works, with something missing; `bad`: what was asked about will not work here. */
export type FindingState = 'good' | 'warning' | 'bad'

/** One thing that was looked at. */
export interface Finding {
  /** Stable name for programs: `node`, `kubectl`, `inotify-instances`. */
  name: string
  state: FindingState
  /** What was seen: one sentence. */
  seen: string
  /** What to do about it; none when it is good. */
  todo?: string
}

export const good = (name: string, seen: string): Finding => ({ name, state: 'good', seen })
export const warning = (name: string, seen: string, todo: string): Finding => ({ name, state: 'warning', seen, todo })
export const bad = (name: string, seen: string, todo: string): Finding => ({ name, state: 'bad', seen, todo })
