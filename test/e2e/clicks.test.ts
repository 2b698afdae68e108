import path from 'node:path'
import { mkdirSync } from 'node:fs'
import { expect, it } from 'vitest'
import { loadLab } from '../../server/lessons/index.ts'
import { openBrowser } from '../support/browser.ts'
import { startLabwright } from '../support/labwright.ts'
import { Learner } from '../support/learner.ts'

const root = path.resolve(import.meta.dirname, '../..')
const pictures = path.join(root, 'test-output')
mkdirSync(pictures, { recursive: true })

/** The whole lab by clicks alone: every Save and Run of the text, in its order, and every task is met. */
it('a learner who only clicks meets every task of the service-mesh lab', { timeout: 300_000 }, async () => {
  const lab = await loadLab(path.join(root, 'labs/service-mesh'))
  const labwright = await startLabwright()
  const browser = await openBrowser()
  try {
    const page = await browser.newPage()
    const problems: string[] = []
    page.on('pageerror', (error) => problems.push(error.message))
    page.on('console', (message) => message.type() === 'error' && problems.push(message.text()))
    const learner = new Learner(page)
    await learner.startLab(labwright.link)
    for (const [index, step] of lab.steps.entries()) {
      if (index > 0) await learner.nextStep(step.tasks[0]!)
      await learner.clickThrough()
      for (const task of await learner.tasksOfStep()) await learner.state(task, 'met', 60_000)
      await page.screenshot({
        caret: 'initial',
        path: path.join(pictures, `clicks-${String(index + 1).padStart(2, '0')}-${step.id}.png`),
      })
    }
    const points = lab.tasks.reduce((sum, task) => sum + task.points, 0)
    expect(await page.locator('.points').innerText()).toContain(`${points} of ${points} points`)
    expect(problems).toEqual([])
  } finally {
    await browser[Symbol.asyncDispose]()
    await labwright[Symbol.asyncDispose]()
  }
})
