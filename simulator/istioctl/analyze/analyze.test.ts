import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readFacts } from '../../../test/support/facts.ts'
import { istioctl } from '../testing/run.ts'

interface Recorded {
  name: string
  mode: string
  command: string
  files?: Record<string, string>
  exit: number
  stdout: string
  stderr: string
}

const rows: Recorded[] = readFacts('istio-1.31/analyze.json')
let folder: string

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'analyze-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

/** Kinds and analyzers that this build does not know. */
const notCovered: Record<string, string> = {
  'files: webhook with url to bad host': 'external control planes',
  'files: yaml without kind': "the parser's own words",
  'files: two documents one broken': "the parser's own words",
  'files: flag verbose': 'lists all analyzers of the real one',
  'files: flag list analyzers': 'lists all analyzers of the real one',
}

for (const row of rows) {
  if (row.mode !== 'files' || notCovered[row.name] !== undefined) continue
  test(row.name, async () => {
    const [, stdinFile] = /^cat (\S+) \|/.exec(row.command) ?? []
    const command = row.command.replace(/^cat \S+ \| | < \/dev\/null$/g, '')
    const here = path.join(folder, String(rows.indexOf(row)))
    mkdirSync(here)
    for (const [name, text] of Object.entries(row.files ?? {})) {
      mkdirSync(path.dirname(path.join(here, name)), { recursive: true })
      writeFileSync(path.join(here, name), text)
    }
    const words = (command.match(/'[^']*'|\S+/g) ?? []).map((word) => word.replaceAll("'", ''))
    const outcome = await istioctl(words.slice(1), { folder: here, stdin: row.files?.[stdinFile ?? ''] ?? '' })
    // The order of messages is not stable in the real one.
    const lines = (text: string): string[] => text.split('\n').toSorted()
    expect(lines(outcome.stdout)).toEqual(lines(row.stdout))
    expect(outcome.stderr).toBe(row.stderr)
    expect(outcome.exit).toBe(row.exit)
  })
}
