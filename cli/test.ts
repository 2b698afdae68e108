import { writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { cliError } from '../protocol/errors/cli.ts'
import {
  jsonReport,
  junitReport,
  proveLab,
  providerTable,
  textLine,
  textSummary,
  type ProveLabOptions,
  type ProviderName,
} from '../server/proving/index.ts'
import { badOption, readOptions, requireWritable, SEEDS, wholeNumber } from './command-line.ts'

/** Each is a cluster and a home with its programs. */
const PARALLEL = { lowest: 1, highest: 64 }

export const usage = `Usage: labwright test LAB… [options]
Proves labs: every task unmet on the untouched cluster, met after solution/, unmet under each wrong answer, met under each that is also right.

  --json FILE      every verdict with reason, evidence and time
  --junit FILE     the same as JUnit XML
  --only WORD      only tasks and answers whose name holds the word
  --provider NAME  what makes clusters: simulated (default), or kind, which needs Docker; given twice, both
  --seed N         the clusters' seed (default 1)
  --parallel N     simulated clusters at work at the same time (default: the machine's processors, 2 to 4)

Exit code: 0 proven, 1 a verdict was not as expected, 2 a lab could not be tested.`

/** `labwright test`. */
export async function run(args: string[]): Promise<number> {
  const { folders, providers, json, junit, ...rest } = parse(args)
  requireWritable('--json', json)
  requireWritable('--junit', junit)
  const stop = new AbortController()
  const abort = (): void => stop.abort()
  process.once('SIGINT', abort)
  process.once('SIGTERM', abort)
  try {
    const results: Proven[] = []
    for (const folder of folders)
      for (const provider of providers) results.push(await proveOne(folder, { ...rest, provider, signal: stop.signal }))
    const reports = results.map(({ lab, result }) => jsonReport(result, lab))
    if (json !== undefined)
      await writeFile(json, `${JSON.stringify(reports.length === 1 ? reports[0] : reports, null, 2)}\n`)
    if (junit !== undefined) await writeFile(junit, junitReport(results.map(({ result }) => result)))
    if (results.length > 1 || providers.includes('kind')) console.log(providerTable(results))
    return results.every(({ result }) => result.ok) ? 0 : 1
  } catch (error) {
    throw stop.signal.aborted ? cliError('INTERRUPTED', {}, error) : error
  } finally {
    process.off('SIGINT', abort)
    process.off('SIGTERM', abort)
  }
}

type Proven = Awaited<ReturnType<typeof proveLab>>

async function proveOne(folder: string, options: Omit<ProveLabOptions, 'dist' | 'onRow'>): Promise<Proven> {
  const dist = path.dirname(fileURLToPath(import.meta.url)).replace(/[\\/]chunks$/, '')
  const onRow = (row: Parameters<typeof textLine>[0]): void => console.log(textLine(row))
  const proven = await proveLab(path.resolve(folder), { ...options, dist, onRow })
  console.log(textSummary(proven.result))
  return proven
}

interface Options {
  folders: string[]
  providers: ProviderName[]
  json?: string
  junit?: string
  only?: string
  seed: number
  parallel: number
}

function parse(args: string[]): Options {
  const text = { type: 'string' } as const
  const several = { type: 'string', multiple: true } as const
  const options = { json: text, junit: text, only: text, seed: text, parallel: text, provider: several }
  const { values, positionals } = readOptions('test', { args, options, allowPositionals: true })
  if (positionals.length === 0) throw badOption('test', 'The folder of the lab is missing')
  const {
    json,
    junit,
    only,
    seed = '1',
    parallel = String(Math.min(4, Math.max(2, os.availableParallelism()))),
    provider = ['simulated'],
  } = values
  return {
    folders: positionals,
    providers: [...new Set(provider.map(providerOf))],
    seed: wholeNumber('test', '--seed', seed, SEEDS),
    parallel: wholeNumber('test', '--parallel', parallel, PARALLEL),
    ...(json === undefined ? {} : { json }),
    ...(junit === undefined ? {} : { junit }),
    ...(only === undefined ? {} : { only }),
  }
}

function providerOf(name: string): ProviderName {
  if (name !== 'simulated' && name !== 'kind')
    throw badOption('test', `--provider takes simulated or kind, not "${name}"`)
  return name
}
