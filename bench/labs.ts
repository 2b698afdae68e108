import { spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { figure, repeat, withResources, type Benchmark } from './measure.ts'

const root = path.resolve(import.meta.dirname, '..')

/** The whole proof of the service-mesh lab. */
export const labs: Benchmark = {
  name: 'labs',
  async run(runs, resources) {
    const command = [path.join(root, 'cli/bin.mjs'), 'test', path.join(root, 'labs/service-mesh')]
    const seconds = await repeat(runs, () =>
      withResources(resources, async (own) => {
        const start = performance.now()
        const child = spawn(process.execPath, command, { stdio: ['ignore', 'pipe', 'inherit'] })
        const ended = once(child, 'close')
        own.add({
          async [Symbol.asyncDispose]() {
            child.kill('SIGTERM')
            await ended
          },
        })
        const output = await text(child.stdout)
        const [code] = await ended
        if (code !== 0) throw new Error(`labwright test ended with ${code}:\n${output}`)
        return (performance.now() - start) / 1000
      }),
    )
    return [figure('labs: labwright test labs/service-mesh', seconds, 90, 's')]
  },
}
