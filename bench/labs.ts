import { execFile } from 'node:child_process'
import path from 'node:path'
import { promisify } from 'node:util'
import { figure, timed, type Benchmark } from './measure.ts'

const run = promisify(execFile)
const root = path.resolve(import.meta.dirname, '..')

/** The whole proof of the service-mesh lab, once: it is long enough to be its own median. */
export const labs: Benchmark = {
  name: 'labs',
  async run() {
    const command = [path.join(root, 'cli/bin.mjs'), 'test', path.join(root, 'labs/service-mesh')]
    const milliseconds = await timed(() => run(process.execPath, command, { maxBuffer: 64 * 1024 * 1024 }))
    return [figure('labs: labwright test labs/service-mesh', [milliseconds / 1000], 90, 's')]
  },
}
