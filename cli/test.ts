import { writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { cliError } from '../protocol/errors/cli.ts'
import { jsonReport, junitReport, proveLab, textLine, textSummary } from '../server/proving/index.ts'
import { badOption, readOptions, requireWritable, SEEDS, wholeNumber } from './command-line.ts'

/** Each is a cluster and a home with its programs. */
const PARALLEL = { lowest: 1, highest: 64 }

export const usage = `Usage: labwright test LAB [options]

Proves a lab: every task unmet on the untouched cluster, met after solution/, unmet under each wrong answer, met under each that is also right.

  --json FILE   every verdict with reason, evidence and time
  --junit FILE  the same as JUnit XML
  --only WORD   only tasks and answers whose name holds the word
  --seed N      the clusters' seed (default 1)
  --parallel N  clusters at work at the same time (default: the machine's processors, 2 to 4)

Exit code: 0 proven, 1 a verdict was not as expected, 2 the lab could not be tested.`

/** `labwright test`. */
export async function run(args: string[]): Promise<number> {
  const { folder, json, junit, ...rest } = parse(args)
  requireWritable('--json', json)
  requireWritable('--junit', junit)
  const stop = new AbortController()
  const abort = (): void => stop.abort()
  process.once('SIGINT', abort)
  process.once('SIGTERM', abort)
  try {
    const dist = path.dirname(fileURLToPath(import.meta.url)).replace(/[\\/]chunks$/, '')
    const onRow = (row: Parameters<typeof textLine>[0]): void => console.log(textLine(row))
    const { lab, result } = await proveLab(path.resolve(folder), { ...rest, dist, onRow, signal: stop.signal })
    if (json !== undefined) await writeFile(json, `${JSON.stringify(jsonReport(result, lab), null, 2)}\n`)
    if (junit !== undefined) await writeFile(junit, junitReport(result))
    console.log(textSummary(result))
    return result.ok ? 0 : 1
  } catch (error) {
    throw stop.signal.aborted ? cliError('INTERRUPTED', {}, error) : error
  } finally {
    process.off('SIGINT', abort)
    process.off('SIGTERM', abort)
  }
}

interface Options {
  folder: string
  json?: string
  junit?: string
  only?: string
  seed: number
  parallel: number
}

function parse(args: string[]): Options {
  const text = { type: 'string' } as const
  const options = { json: text, junit: text, only: text, seed: text, parallel: text }
  const { values, positionals } = readOptions('test', { args, options, allowPositionals: true })
  const [folder, ...more] = positionals
  if (folder === undefined) throw badOption('test', 'The folder of the lab is missing')
  if (more.length > 0) throw badOption('test', `"${more[0]}" is one word too many: one lab is tested at a time`)
  const {
    json,
    junit,
    only,
    seed = '1',
    parallel = String(Math.min(4, Math.max(2, os.availableParallelism()))),
  } = values
  return {
    folder,
    seed: wholeNumber('test', '--seed', seed, SEEDS),
    parallel: wholeNumber('test', '--parallel', parallel, PARALLEL),
    ...(json === undefined ? {} : { json }),
    ...(junit === undefined ? {} : { junit }),
    ...(only === undefined ? {} : { only }),
  }
}
