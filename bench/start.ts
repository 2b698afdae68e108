import { startLabwright } from '../test/support/labwright.ts'
import { figure, repeat, timed, withResources, type Benchmark } from './measure.ts'

/** The time from the command to its link, each time with a new data folder and new processes. */
export const start: Benchmark = {
  name: 'start',
  async run(runs, resources) {
    const times = await repeat(runs, () =>
      withResources(resources, (own) => timed(async () => own.add(await startLabwright()))),
    )
    return [figure('start: command to link, cold', times, 3000)]
  },
}
