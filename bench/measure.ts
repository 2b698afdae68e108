import { mkdtemp, readFile, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { Resources } from '../server/main/resources.ts'

/** One figure beside its reference and its bar. Times are milliseconds unless `unit` says otherwise. */
export interface Figure {
  name: string
  unit: string
  median: number
  runs: number[]
  /** What it is compared with, measured in the same run. */
  reference?: { name: string; median: number; runs: number[] }
  ratio?: number
  bar: { kind: 'at most' | 'at most, ratio'; value: number }
  met: boolean
  /** The machine's load average over a minute when the benchmark began. */
  load?: number
}

export interface Benchmark {
  name: string
  /** What it opens it adds to the resources, which are closed after it, also when it fails or is interrupted. */
  run(runs: number, resources: Resources): Promise<Figure[]>
}

export function median(values: readonly number[]): number {
  const sorted = [...values].toSorted((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

export function figure(name: string, runs: number[], bar: number, unit = 'ms'): Figure {
  const value = median(runs)
  return { name, unit, median: value, runs, bar: { kind: 'at most', value: bar }, met: value <= bar }
}

/** A figure whose bar is a ratio to a reference of the same run. */
export function ratio(
  name: string,
  runs: number[],
  reference: { name: string; runs: number[] },
  bar: number,
  unit = 'ms',
): Figure {
  const value = median(runs)
  const base = median(reference.runs)
  return {
    name,
    unit,
    median: value,
    runs,
    reference: { ...reference, median: base },
    ratio: value / base,
    bar: { kind: 'at most, ratio', value: bar },
    met: value / base <= bar,
  }
}

export async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now()
  await work()
  return performance.now() - start
}

/** Runs one after the other, never at the same time. */
export async function repeat(runs: number, work: (index: number) => Promise<number>): Promise<number[]> {
  const results: number[] = []
  for (let index = 0; index < runs; index++) results.push(await work(index))
  return results
}

/** Gives each run resources of its own, closed after it, and with those of the benchmark when it is interrupted. */
export async function withResources<T>(parent: Resources, work: (resources: Resources) => Promise<T>): Promise<T> {
  const own = parent.add(new Resources())
  try {
    return await work(own)
  } finally {
    await own[Symbol.asyncDispose]()
  }
}

export async function temporaryFolder(resources: Resources): Promise<string> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'labwright-bench-'))
  resources.add({ [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true, maxRetries: 3 }) })
  return folder
}

/** Memory of a process, the median of a second. Linux only. */
export async function residentMebibytes(pid: number): Promise<number> {
  const samples: number[] = []
  for (let index = 0; index < 5; index++) {
    const status = await readFile(`/proc/${pid}/status`, 'utf8')
    samples.push(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024)
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
  return median(samples)
}
