import { once } from 'node:events'
import os from 'node:os'
import { parseArgs } from 'node:util'
import { Resources } from '../server/main/resources.ts'
import type { Benchmark, Figure } from './measure.ts'

/**
 * Prints every figure beside its bar and its reference; with `--json` as one JSON document.
 * @returns 0, also when a bar is missed: benchmarks gate nothing; 1 when one of them could not be run
 */
export async function runBenchmarks(benchmarks: readonly Benchmark[], args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: { json: { type: 'boolean' }, only: { type: 'string' }, runs: { type: 'string' } },
  })
  const runs = Number(values.runs ?? 5)
  const chosen = benchmarks.filter(({ name }) => values.only === undefined || name.includes(values.only))
  const figures: Figure[] = []
  const failures: { benchmark: string; error: string }[] = []
  for (const benchmark of chosen) {
    try {
      const more = await run(benchmark, runs)
      figures.push(...more)
      if (values.json !== true) for (const one of more) console.log(line(one))
    } catch (error) {
      if (error instanceof Interrupted) throw error
      console.error(`FAILED ${benchmark.name}:`, error)
      failures.push({ benchmark: benchmark.name, error: String(error) })
    }
  }
  const machine = {
    processors: os.availableParallelism(),
    model: os.cpus()[0]?.model,
    node: process.version,
    load: os.loadavg()[0],
  }
  if (values.json === true) console.log(JSON.stringify({ machine, figures, failures }, null, 2))
  return failures.length === 0 ? 0 : 1
}

class Interrupted extends Error {}

/** Runs one benchmark and closes what it opened; an interrupt ends it in the same way. */
async function run(benchmark: Benchmark, runs: number): Promise<Figure[]> {
  const resources = new Resources()
  const listening = new AbortController()
  const interrupted = Promise.race(
    (['SIGINT', 'SIGTERM'] as const).map(async (signal) => {
      await once(process, signal, { signal: listening.signal })
      throw new Interrupted(`${benchmark.name} was ended by ${signal}`)
    }),
  )
  interrupted.catch(() => {})
  const load = os.loadavg()[0]!
  try {
    const figures = await Promise.race([benchmark.run(runs, resources), interrupted])
    return figures.map((figure) => ({ ...figure, load }))
  } finally {
    listening.abort()
    await resources[Symbol.asyncDispose]()
  }
}

function line({ name, unit, median, reference, ratio, bar, met, load }: Figure): string {
  const value = `${median.toFixed(median < 10 ? 2 : 0)} ${unit}`
  const beside =
    reference === undefined
      ? ''
      : `  against ${reference.median.toFixed(2)} ${unit} (${reference.name}): ${ratio?.toFixed(2)} ×`
  const wanted = bar.kind === 'at most' ? `at most ${bar.value} ${unit}` : `at most ${bar.value} ×`
  return `${met ? 'met   ' : 'MISSED'} ${name.padEnd(52)} ${value.padStart(12)}  ${wanted}${beside}  (load ${load?.toFixed(0)})`
}
