import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { BrowserContext, Page } from 'playwright-core'
import type { SessionView } from '../../protocol/session.ts'
import { everywhere, SIZES } from '../support/access.ts'
import { openBrowser } from '../support/browser.ts'
import { type RunningLabwright, startLabwright } from '../support/labwright.ts'
import { Learner } from '../support/learner.ts'

let labwright: RunningLabwright
let browser: BrowserContext & AsyncDisposable
let page: Page
let learner: Learner
const narrow = SIZES.filter(({ width }) => width < 900)

beforeAll(async () => {
  labwright = await startLabwright()
  browser = await openBrowser()
  page = await browser.newPage()
  learner = new Learner(page)
}, 120_000)
afterAll(async () => {
  await browser?.[Symbol.asyncDispose]()
  await labwright?.[Symbol.asyncDispose]()
}, 120_000)

/** A page that shows a state which passes too quickly to be looked at: the server's answer, changed. */
async function pretend(change: (view: SessionView) => SessionView): Promise<Page> {
  const other = await browser.newPage()
  await other.route(/\/api\/sessions\/[\w-]+$/, async (route) => {
    const answer = await route.fetch()
    await route.fulfill({ response: answer, json: change((await answer.json()) as SessionView) })
  })
  await other.routeWebSocket(/\/live$/, () => {})
  await other.goto(page.url())
  return other
}

/** The tests are one visit, in this order. */
describe('axe finds nothing, in light and dark, on a desk, a tablet and a phone', { timeout: 120_000 }, () => {
  it('without the start link', async () => {
    await page.goto(labwright.url)
    await page.getByRole('heading', { name: 'Open the start link' }).waitFor()
    await everywhere(page, 'login')
  })

  it('on the start page', async () => {
    await page.goto(labwright.link)
    await page.getByRole('button', { name: 'Start' }).first().waitFor()
    await everywhere(page, 'start')
  })

  it('on the lab page, with a hint and a task that is not met yet', async () => {
    await learner.startLab()
    await learner.state('first-look', 'todo')
    await everywhere(page, 'lab')
    const task = learner.place('first-look')
    await task.getByRole('button', { name: 'Check' }).click()
    await learner.state('first-look', 'unmet')
    await task.getByRole('button', { name: 'Hint' }).click()
    await task.getByRole('list', { name: 'Hint' }).waitFor()
    await task.scrollIntoViewIfNeeded()
    await everywhere(page, 'lab-unmet')
  })

  it('with the terminal in front', async () => {
    await page.setViewportSize(narrow[0]!)
    await page.getByRole('button', { name: 'Terminal', exact: true }).click()
    await everywhere(page, 'lab-terminal', narrow)
    await page.setViewportSize(narrow[0]!)
    await page.getByRole('button', { name: 'Lesson', exact: true }).click()
    await page.getByRole('button', { name: 'tasks met' }).click()
    await everywhere(page, 'lab-tasks', narrow)
    await page.keyboard.press('Escape')
    await page.setViewportSize(SIZES[0])
  })

  it('with a task that is met', async () => {
    await learner.type('kubectl create namespace mine')
    await learner.state('first-look', 'met')
    await learner.place('first-look').getByText('Evidence').click()
    await everywhere(page, 'lab-met')
  })

  it.each([
    ['the menu', 'Menu', 'lab-menu'],
    ['the list of steps', 'All steps', 'lab-steps'],
  ])('with %s open', async (_, button, name) => {
    await page.getByRole('button', { name: button }).click()
    await everywhere(page, name)
    await page.keyboard.press('Escape')
  })

  it('on a long step, and on its quiz', async () => {
    await learner.openStep('What a sidecar costs')
    await page.locator('.quiz').scrollIntoViewIfNeeded()
    await page.locator('.quiz input').first().check()
    await everywhere(page, 'lab-quiz')
  })

  it('while a cluster is made', async () => {
    const other = await pretend((view) => ({
      ...view,
      sandboxed: false,
      state: 'preparing',
      phases: view.phases.map((phase, index) =>
        index === 0
          ? phase
          : {
              ...phase,
              state: index === 1 ? 'running' : 'waiting',
              usualMilliseconds: 9000,
              log: ['unpacking kubectl'],
            },
      ),
    }))
    await other.getByRole('heading', { name: 'Your cluster is being made' }).waitFor({ state: 'attached' })
    await everywhere(other, 'preparing')
    await other.close()
  })

  it('when that failed', async () => {
    const other = await pretend((view) => ({
      ...view,
      state: 'failed',
      problem: {
        code: 'PHASE_FAILED',
        sentence: 'The phase "setup" stopped: the disk is full. Make room, then try again.',
        phase: 'setup',
      },
      phases: view.phases.map((phase, index) =>
        index < 2
          ? phase
          : { ...phase, state: 'failed', log: ['apply setup/10-namespaces.yaml', 'ENOSPC: no space left on device'] },
      ),
    }))
    await other.getByRole('heading', { name: 'The preparation stopped' }).waitFor({ state: 'attached' })
    await everywhere(other, 'preparing-failed')
    await other.close()
  })

  it('with every button within reach of the keyboard, and a way out of the terminal', async () => {
    const terminal = page.locator('.pane:not([hidden]) textarea')
    const isFocused = (selector: string) => page.evaluate((wanted) => document.activeElement?.matches(wanted), selector)
    const tabTo = async (text: RegExp) => {
      for (let presses = 0; presses < 60; presses++) {
        await page.keyboard.press('Tab')
        const seen = await page.evaluate(() => {
          const { textContent } = document.activeElement ?? {}
          return { text: textContent ?? '', outline: getComputedStyle(document.activeElement!).outlineStyle }
        })
        if (!text.test(seen.text)) continue
        expect(seen.outline).toBe('solid')
        return
      }
      throw new Error(`Tab does not reach ${text}`)
    }
    await learner.openStep('Your cluster')
    await page.locator('.skip').focus()
    expect(await page.getByRole('button', { name: 'Skip to the terminal' }).isVisible()).toBe(true)
    await page.keyboard.press('Enter')
    await expect.poll(() => isFocused('.pane textarea')).toBe(true)
    await page.keyboard.press('F6')
    await expect.poll(() => isFocused('.lesson')).toBe(true)
    await tabTo(/^Run: kubectl get nodes/)
    await page.keyboard.press('Enter')
    await page.locator('figure .result.done').first().waitFor()
    await page.keyboard.press('F6')
    await page.keyboard.press('F6')
    await tabTo(/^Check$/)
    await page.keyboard.press('Enter')
    await learner.state('first-look', 'met')
    await page.keyboard.press('F6')
    await expect.poll(() => isFocused('.pane textarea')).toBe(true)
    expect(await terminal.getAttribute('aria-label')).toContain('F6')
    await learner.run('echo still a shell')
  })

  it('on the question before the end, and at the end', async () => {
    await page.getByRole('button', { name: 'Menu' }).click()
    await page.getByRole('button', { name: 'Finish the lab' }).click()
    await page.getByRole('dialog').waitFor()
    await everywhere(page, 'finish')
    await page.getByRole('dialog').getByRole('button', { name: 'Finish' }).click()
    await page.getByRole('button', { name: 'Print' }).waitFor()
    await everywhere(page, 'end')
    expect(await page.getByRole('heading', { level: 1 }).innerText()).toBe('A service mesh with Istio')
    await page.getByRole('button', { name: 'Look at what you made' }).click()
    await learner.output('still a shell')
    await learner.run('kubectl get namespaces --no-headers | wc -l | sed s/^/namespaces-left-/')
    await learner.output('namespaces-left-')
    await page.getByText('You finished this lab').waitFor()
    await everywhere(page, 'look-back', narrow)
    await page.setViewportSize(SIZES[0])
    await page.getByRole('button', { name: 'Back to the summary' }).click()
    await page.getByRole('button', { name: 'Print' }).waitFor()
  })
})
