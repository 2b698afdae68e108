// Takes the picture of README.md anew: `node test/docs/picture.ts` (Node 24 reads TypeScript).
import { stat } from 'node:fs/promises'
import path from 'node:path'
import { loadLab } from '../../server/lessons/index.ts'
import { openBrowser } from '../support/browser.ts'
import { startLabwright } from '../support/labwright.ts'
import { Learner } from '../support/learner.ts'

const root = path.resolve(import.meta.dirname, '../..')
const file = path.join(root, 'docs/pictures/lab.png')
/** The fifth step of the lab, strict mTLS, just after its task was met. */
const LAST_STEP = 'strict-mtls'

const lab = await loadLab(path.join(root, 'labs/service-mesh'))
const labwright = await startLabwright()
const browser = await openBrowser({ colorScheme: 'light', width: 1280, height: 760 })
try {
  const learner = new Learner(await browser.newPage())
  await learner.startLab(labwright.link)
  for (const [index, step] of lab.steps.entries()) {
    const [first = ''] = step.tasks
    if (index > 0) await learner.nextStep(first)
    await learner.clickThrough()
    for (const task of step.tasks) await learner.state(task, 'met', 60_000)
    if (step.id === LAST_STEP) break
  }
  await learner.page.mouse.move(0, 0)
  await learner.page.locator('section[data-task]').first().scrollIntoViewIfNeeded()
  await learner.page.screenshot({ path: file, animations: 'disabled' })
  console.log(`${file}: ${Math.round((await stat(file)).size / 1024)} KB`)
} finally {
  await browser[Symbol.asyncDispose]()
  await labwright[Symbol.asyncDispose]()
}
