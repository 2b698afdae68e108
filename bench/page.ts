import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import { openBrowser } from '../test/support/browser.ts'
import { startLabwright } from '../test/support/labwright.ts'
import { Learner } from '../test/support/learner.ts'
import { figure, repeat, timed, withResources, type Benchmark } from './measure.ts'

const client = path.resolve(import.meta.dirname, '../dist/client')

/** First paint, click to prompt, and the size of what is loaded before the terminal. */
export const page: Benchmark = {
  name: 'page',
  async run(runs, resources) {
    const prompts: number[] = []
    const paints = await repeat(runs, () =>
      withResources(resources, async (own) => {
        const labwright = own.add(await startLabwright())
        const browser = own.add(await openBrowser())
        const tab = await browser.newPage()
        const learner = new Learner(tab)
        await tab.goto(labwright.link)
        const begin = tab.getByRole('button', { name: /^Start/ }).first()
        await begin.waitFor()
        const paint = await tab.evaluate(
          () => performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? Number.NaN,
        )
        // Time for the spare cluster that the server makes in advance, as a reader of the page would give it.
        await new Promise((resolve) => setTimeout(resolve, 1500))
        prompts.push(
          await timed(async () => {
            await begin.click()
            await learner.prompt()
          }),
        )
        return paint
      }),
    )
    return [
      figure('page: first contentful paint on loopback', paints, 1000),
      figure('page: new session, click to usable prompt', prompts, 1500),
      figure('page: client code before the terminal, gzip', [await sizeBeforeTerminal()], 60, 'KB'),
    ]
  },
}

/** KB (1000 bytes) of scripts that index.html names, and what those import at once. */
async function sizeBeforeTerminal(): Promise<number> {
  const html = await readFile(path.join(client, 'index.html'), 'utf8')
  const waiting = [...html.matchAll(/(?:src|href)="\/?([^"]+\.js)"/g)].map(([, file]) => file!)
  const seen = new Set<string>()
  let bytes = 0
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (seen.has(file)) continue
    seen.add(file)
    const text = await readFile(path.join(client, file), 'utf8')
    bytes += gzipSync(text, { level: 9 }).length
    for (const [, imported] of text.matchAll(/(?:^|[;\s])(?:import|from)\s*"\.\/([^"]+\.js)"/g))
      waiting.push(path.join(path.dirname(file), imported!))
  }
  if (seen.size === 0) throw new Error(`no script found in ${client}: ${(await readdir(client)).join(', ')}`)
  return bytes / 1000
}
