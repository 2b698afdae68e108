import { setTimeout as sleep } from 'node:timers/promises'

/** Resolves when the condition holds; for tests of what another process does. @throws after the given time */
export async function waitFor(condition: () => boolean | Promise<boolean>, milliseconds = 10_000): Promise<void> {
  const end = performance.now() + milliseconds
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`not within ${milliseconds} ms: ${condition.toString()}`)
    await sleep(10)
  }
}
