import { expect } from 'vitest'
import type { RunOptions, Shell } from '../support/shell.ts'

/** One command as a learner types it, and what must come of it. */
export interface Row extends RunOptions {
  run: string
  /** Standard output: all of it, or something in it. */
  prints?: string | RegExp
  /** Standard error. */
  says?: string | RegExp
  /** Default 0. */
  exit?: number
}

/** Titles of a table of rows: the commands. */
export const titled = (rows: readonly Row[]): [string, Row][] => rows.map((row) => [row.run, row])

/** Types one row and holds what came of it to the table. */
export async function expectRow(shell: Shell, { run, prints, says, exit = 0, ...options }: Row): Promise<void> {
  const ran = await shell.run(run, { timeout: 20_000, ...options })
  // All at once, so that a failure shows what was said.
  expect({ ...ran, command: run }).toEqual({
    command: run,
    exit,
    stdout: prints === undefined ? expect.anything() : match(prints),
    stderr: says === undefined ? expect.anything() : match(says),
  })
}

const match = (wanted: string | RegExp): unknown =>
  typeof wanted === 'string' ? wanted : expect.stringMatching(wanted)
