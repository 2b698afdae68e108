import type { AttemptEvent, StoredEvent } from './events.ts'

/** One line of the list of attempts; all of it follows from the attempt's events. */
export interface AttemptRow {
  id: string
  account: string
  lab: string
  startedAt: string
  /** ISO time at which it was finished or deleted. */
  endedAt?: string
  deleted: boolean
  /** True while its cluster and files exist. */
  held: boolean
}

/** Small named documents beside the log, by kind. They are no part of any grade. */
export interface Documents {
  /** By hash of the cookie's value. */
  login: { account: string; expiresAt: string }
  /** By account id. */
  account: { name: string; kind: 'local' }
  /** By `lab/phase`: how long the phase usually takes on this machine. */
  'usual-time': { milliseconds: number }
}

/**
 * The event log of attempts and the drawer of documents. A promise that resolved means: it is on disk.
 * Errors are `DISK_FULL` and `DATA_READ_ONLY` (nothing was changed; a later call may succeed), and `ATTEMPT_CHANGED`.
 */
export interface Store extends AsyncDisposable {
  /**
   * Appends events to an attempt, all or none. `after` is the sequence of the last event that the caller knows (0 for a new attempt);
   * when the log is longer, somebody else wrote: `ATTEMPT_CHANGED`.
   */
  append(attempt: string, after: number, events: AttemptEvent[]): Promise<StoredEvent[]>
  /** All events of an attempt, first to last; none when there is no such attempt. */
  read(attempt: string): Promise<StoredEvent[]>
  /** Attempts, newest first. */
  attempts(filter: { account?: string; held?: boolean }): Promise<AttemptRow[]>
  get<K extends keyof Documents>(kind: K, key: string): Promise<Documents[K] | undefined>
  /** Writes a document; `undefined` removes it. */
  put<K extends keyof Documents>(kind: K, key: string, value: Documents[K] | undefined): Promise<void>
}
