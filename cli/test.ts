import { writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { HIGHEST_SEED, wholeNumber } from './options.ts'
import { LabwrightError } from '../protocol/errors/error.ts'
import { jsonReport, junitReport, proveLab, textLine, textSummary } from '../server/proving/index.ts'

/** Each is a cluster and a home with its programs. */
const MOST_PARALLEL = 64

const usage = `Usage: labwright test LAB [--json FILE] [--junit FILE] [--only WORD] [--seed N] [--parallel N]

Proves a lab: every task unmet on the untouched cluster, met after solution/, unmet under each wrong answer, met under each that is also right.

  --json FILE   every verdict with reason, evidence and time
  --junit FILE  the same as JUnit XML
  --only WORD   only tasks and answers whose name holds the word
  --seed N      the clusters' seed (default 1)
  --parallel N  clusters at work at the same time (default: the machine's processors, 2 to 4)

Exit code: 0 proven, 1 a verdict was not as expected, 2 the lab could not be tested.`

/** `labwright test`. */
export async function run(args: string[]): Promise<number> {
  const options = parse(args)
  if (options === usage) {
    console.log(usage)
    return 0
  }
  if (typeof options === 'string') {
    console.error(options)
    return 2
  }
  const stop = new AbortController()
  const abort = (): void => stop.abort()
  process.once('SIGINT', abort)
  process.once('SIGTERM', abort)
  try {
    const { folder, json, junit, ...rest } = options
    const dist = path.dirname(fileURLToPath(import.meta.url)).replace(/[\\/]chunks$/, '')
    const onRow = (row: Parameters<typeof textLine>[0]): void => console.log(textLine(row))
    const { lab, result } = await proveLab(path.resolve(folder), { ...rest, dist, onRow, signal: stop.signal })
    if (json !== undefined) await writeFile(json, `${JSON.stringify(jsonReport(result, lab), null, 2)}\n`)
    if (junit !== undefined) await writeFile(junit, junitReport(result))
    console.log(textSummary(result))
    return result.ok ? 0 : 1
  } catch (error) {
    const code = error instanceof LabwrightError ? ` [${error.code}]` : ''
    console.error(`labwright test: ${(error as Error).message}${code}`)
    return 2
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

function parse(args: string[]): Options | string {
  try {
    const text = { type: 'string' } as const
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: {
        json: text,
        junit: text,
        only: text,
        seed: text,
        parallel: text,
        help: { type: 'boolean', short: 'h' },
      },
    })
    if (values.help) return usage
    const [folder, ...more] = positionals
    if (folder === undefined || more.length > 0) throw new Error('name one lab folder.')
    const { json, junit, only } = values
    return {
      folder,
      seed: wholeNumber('--seed', values.seed ?? '1', { highest: HIGHEST_SEED }),
      parallel: wholeNumber(
        '--parallel',
        values.parallel ?? String(Math.min(4, Math.max(2, os.availableParallelism()))),
        { lowest: 1, highest: MOST_PARALLEL },
      ),
      ...(json === undefined ? {} : { json }),
      ...(junit === undefined ? {} : { junit }),
      ...(only === undefined ? {} : { only }),
    }
  } catch (error) {
    return `labwright test: ${(error as Error).message}\n\n${usage}`
  }
}
