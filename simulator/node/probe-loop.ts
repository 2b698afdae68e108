import type { Clock, KubeObject } from '../kubernetes/index.ts'
import { probe, type ProbeTarget } from './probe.ts'
import { sleep } from './sleep.ts'

export type ProbeKind = 'Startup' | 'Readiness' | 'Liveness'

// A program that has just been started opens its ports a moment later; a first refusal is no event yet.
const settleMilliseconds = 1000
const settleStepMilliseconds = 50

/** Runs one probe of one container until the signal fires; `changed` is told when a threshold is reached (first time included). */
export async function runProbeLoop(
  clock: Clock,
  kind: ProbeKind,
  settings: KubeObject['spec'],
  target: ProbeTarget,
  on: { changed: (success: boolean) => void; failed: (message: string) => void },
): Promise<void> {
  const { initialDelaySeconds = 0, periodSeconds = 10, timeoutSeconds = 1 } = settings
  const { successThreshold = 1, failureThreshold = 3 } = settings
  const { signal } = target
  const began = clock.monotonic()
  let successes = 0
  let failures = 0
  let state: boolean | undefined
  let rest = initialDelaySeconds * 1000
  while (rest === 0 ? !signal.aborted : await sleep(clock, rest, signal)) {
    const result = await probe(settings, target, timeoutSeconds)
    if (signal.aborted) return
    rest = periodSeconds * 1000
    if (result.ok) {
      successes++
      failures = 0
      if (successes < successThreshold) continue
      if (state !== true) on.changed((state = true))
      if (kind === 'Startup') return
      continue
    }
    const settling = initialDelaySeconds === 0 && clock.monotonic() - began < settleMilliseconds
    if (state === undefined && settling) {
      rest = settleStepMilliseconds
      continue
    }
    failures++
    successes = 0
    on.failed(result.message)
    if (failures < failureThreshold) continue
    if (state !== false || kind !== 'Readiness') on.changed((state = false))
    if (kind !== 'Readiness') return
  }
}
