import { runBenchmarks } from '../runner.ts'
import { faults } from './faults.ts'
import { lifecycle } from './lifecycle.ts'
import { sessions } from './sessions.ts'
import { sideBySide } from './side-by-side.ts'

/** `npm run bench:kind`: real clusters, with a container engine, kind, and the node image that LABWRIGHT_NODE_IMAGE names. */
export const main = (args: string[]): Promise<number> => runBenchmarks([lifecycle, sessions, sideBySide, faults], args)
