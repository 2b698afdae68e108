import type { Clock, ContainerUsage } from '../kubernetes/index.ts'
import type { Container } from './container.ts'

const mebibyte = 2 ** 20
const windowMilliseconds = 15_000

interface Sample {
  at: number
  requests: number
}

/** What running containers take: from the image's idle cost, the requests they served lately, and a little noise that stands still. */
export class UsageMeter {
  readonly #clock: Clock
  readonly #samples = new WeakMap<object, Sample[]>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Undefined when the container does not run. */
  of(container: Container): ContainerUsage | undefined {
    const { run, definition, spec } = container
    if (run === undefined || definition === undefined) return undefined
    const { idleMilliCpu, milliCpuPerRequestPerSecond, memoryBytes } = definition.usage
    const rate = this.#rate(run)
    // Equal images do not take equal memory: up to 8 % apart, always the same for one container.
    const noise = ((hash(container.id ?? spec.name) % 160) - 80) / 1000
    return {
      name: spec.name,
      milliCpu: Math.max(1, Math.round(idleMilliCpu + rate * milliCpuPerRequestPerSecond)),
      memoryBytes: Math.round((memoryBytes * (1 + noise)) / mebibyte) * mebibyte,
    }
  }

  #rate(run: { requests: number }): number {
    const at = this.#clock.monotonic()
    const kept = (this.#samples.get(run) ?? []).filter((sample) => at - sample.at <= windowMilliseconds)
    const [oldest] = kept
    this.#samples.set(run, [...kept, { at, requests: run.requests }])
    if (oldest === undefined || at === oldest.at) return 0
    return (run.requests - oldest.requests) / ((at - oldest.at) / 1000)
  }
}

function hash(text: string): number {
  let sum = 0
  for (let i = 0; i < text.length; i++) sum = (Math.imul(sum, 31) + text.charCodeAt(i)) >>> 0
  return sum
}
