import { build } from '../../build/build.mjs'

/** Processes under test are started from dist/, as users start them, so dist/ is made once before the tests. */
export async function setup(): Promise<void> {
  await build({ quiet: true })
}
