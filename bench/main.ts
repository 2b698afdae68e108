import { clusters } from './clusters.ts'
import { echo } from './echo.ts'
import { kubectl } from './kubectl.ts'
import { labs } from './labs.ts'
import { page } from './page.ts'
import { runBenchmarks } from './runner.ts'
import { start } from './start.ts'
import { verdicts } from './verdicts.ts'

/** `npm run bench`: what needs nothing but Node and a browser. */
export const main = (args: string[]): Promise<number> =>
  runBenchmarks([start, page, clusters, kubectl, verdicts, echo, labs], args)
