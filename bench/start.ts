import { startLabwright } from '../test/support/labwright.ts'
import { figure, repeat, timed, type Benchmark } from './measure.ts'

/** The time from the command to its link, each time with a new data folder and new processes. */
export const start: Benchmark = {
  name: 'start',
  async run(runs) {
    const times = await repeat(runs, async () => {
      let stop: (() => Promise<void>) | undefined
      const milliseconds = await timed(async () => {
        const labwright = await startLabwright()
        stop = async () => labwright[Symbol.asyncDispose]()
      })
      await stop?.()
      return milliseconds
    })
    return [figure('start: command to link, cold', times, 3000)]
  },
}
