import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { BrowserContext, Page } from 'playwright-core'
import { openBrowser } from '../support/browser.ts'
import { type RunningLabwright, startLabwright } from '../support/labwright.ts'
import { Learner } from '../support/learner.ts'

let dataFolder: string
let labwright: RunningLabwright
let browser: BrowserContext & AsyncDisposable
let page: Page
let learner: Learner

beforeAll(async () => {
  dataFolder = await mkdtemp(path.join(os.tmpdir(), 'labwright-life-'))
  labwright = await startLabwright({ dataFolder })
  browser = await openBrowser()
  page = await browser.newPage()
  learner = new Learner(page)
}, 120_000)
afterAll(async () => {
  await browser?.[Symbol.asyncDispose]()
  await labwright?.[Symbol.asyncDispose]()
  await rm(dataFolder, { recursive: true, force: true, maxRetries: 5 })
}, 120_000)

const tab = (name: string) => page.getByRole('tab', { name, exact: true })
const lessonWidth = () => page.locator('.lesson').evaluate((lesson) => lesson.getBoundingClientRect().width)

/** One visit, in this order. */
describe('a session lives as long as its learner needs it', { timeout: 120_000 }, () => {
  it('Save to file writes the block into the home', async () => {
    await learner.startLab(labwright.link)
    await learner.openStep('Strict mTLS')
    const block = page.locator('figure[data-path="strict.yaml"]')
    await block.getByRole('button', { name: 'Save to file' }).click()
    await block.getByText('saved as ~/strict.yaml').waitFor()
    await learner.run('grep mode: strict.yaml')
    await learner.output('mode: STRICT')
  })

  it('keeps step, progress, terminals and their output over a reload', async () => {
    await learner.openStep('Your cluster')
    await learner.run('kubectl create namespace mine')
    await learner.state('first-look', 'met')
    await learner.openStep('Install Istio')
    await page.reload()
    await learner.prompt()
    await page.getByRole('heading', { name: 'Install Istio', level: 1 }).waitFor()
    await learner.output('namespace/mine created')
    await page.locator('.task-row').getByText('A namespace of your own: met').waitFor({ state: 'attached' })
  })

  it('shows the same in a second tab, keystroke by keystroke', async () => {
    const second = await browser.newPage()
    await second.goto(page.url())
    const other = new Learner(second)
    await other.output('namespace/mine created')
    await other.run('echo from the $((1 + 1))nd tab')
    await learner.output('from the 2nd tab')
    await second.close()
  })

  it('opens, renames and closes terminals', async () => {
    await page.getByRole('button', { name: 'New terminal' }).click()
    await tab('bash 2').waitFor()
    await learner.prompt()
    await learner.run('sleep 0.1; echo in-two')
    await page.getByRole('button', { name: 'Rename bash 2' }).click()
    await page.getByRole('textbox', { name: 'Name of the terminal' }).fill('logs')
    await page.keyboard.press('Enter')
    await tab('logs').waitFor()
    await tab('bash 1').click()
    expect(await learner.terminalText()).not.toContain('in-two')
    await tab('logs').click()
    await page.getByRole('button', { name: 'Close logs' }).click()
    await tab('logs').waitFor({ state: 'detached' })
    expect(await tab('bash 1').getAttribute('aria-selected')).toBe('true')
    // The terminal that comes forward takes the keys, a moment later: what follows must not meet that moment.
    await expect
      .poll(() => page.evaluate(() => document.activeElement?.matches('.pane:not([hidden]) textarea')))
      .toBe(true)
  })

  it('shows the colours that a program asks for', async () => {
    const refused: string[] = []
    page.on('console', (message) => message.type() === 'error' && refused.push(message.text()))
    await learner.run("printf '\\e[38;2;255;160;10;48;2;20;0;60m%s\\e[0m\\n' sun''set")
    const word = page.locator('.pane:not([hidden]) .xterm-rows span').getByText('sunset', { exact: true })
    expect(
      await word.evaluate((element) => {
        const { color, backgroundColor } = getComputedStyle(element)
        return [color, backgroundColor]
      }),
    ).toEqual(['rgb(255, 160, 10)', 'rgb(20, 0, 60)'])
    expect(refused).toEqual([])
  })

  it('turns pages with [ and ], but not while somebody types', async () => {
    await page.locator('.lesson').focus()
    for (let turn = 0; turn < 10; turn += 1) {
      await page.keyboard.press(']')
      await page.getByRole('heading', { name: 'Who gets a sidecar', level: 1 }).waitFor()
      await page.keyboard.press('[')
      await page.getByRole('heading', { name: 'Install Istio', level: 1 }).waitFor()
    }
    await learner.run('[ 1 = 1 ] && echo equal')
    expect(await page.getByRole('heading', { level: 1 }).first().innerText()).toBe('Install Istio')
  })

  it('lets the learner look ahead at no cost', async () => {
    await learner.openStep('Clean up')
    await page.locator('.task-row').getByText('counted as it was').first().waitFor({ state: 'attached' })
    // A page that was read before, so that its text is there without a question to the server.
    await learner.openStep('Install Istio')
    await page.locator('.task-row').getByText('counted as it was').first().waitFor({ state: 'detached' })
  })

  it('moves the splitter by keyboard, and remembers where it is', async () => {
    const before = await lessonWidth()
    await page.getByRole('separator', { name: 'Width of the lesson' }).focus()
    await page.keyboard.press('ArrowLeft')
    await page.keyboard.press('ArrowLeft')
    expect(await lessonWidth()).toBeLessThan(before - 30)
    const after = await lessonWidth()
    await page.reload()
    await page.locator('.lesson').waitFor()
    expect(await lessonWidth()).toBe(after)
  })

  it('remembers the theme', async () => {
    const paper = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor)
    const theme = () => page.evaluate(() => document.documentElement.dataset['theme'])
    const light = await paper()
    await page.getByRole('button', { name: 'Menu' }).click()
    await page.getByRole('radio', { name: 'Dark' }).check()
    expect(await theme()).toBe('dark')
    await page.keyboard.press('Escape')
    await page.reload()
    expect(await theme()).toBe('dark')
    await page.getByRole('button', { name: 'Menu' }).click()
    await page.getByRole('radio', { name: 'As the system' }).check()
    await page.keyboard.press('Escape')
    expect(await paper()).toBe(light)
  })

  it('survives the end and the start of the server: the same shell, the same progress, without a reload', async () => {
    await learner.prompt()
    const pid = async () => {
      await learner.run('echo shell-$$-')
      return [...(await learner.terminalText()).matchAll(/shell-(\d+)-/g)].at(-1)?.[1]
    }
    const before = await pid()
    expect(before).toMatch(/^\d+$/)
    const { port } = new URL(labwright.url)
    await labwright.stop()
    await page
      .locator('.connection')
      .getByText(/reconnecting|offline|connecting/)
      .waitFor()
    labwright = await startLabwright({ dataFolder, port })
    await page.locator('.connection').getByText('connected', { exact: true }).waitFor()
    expect(await pid()).toBe(before)
    expect(await page.getByRole('heading', { level: 1 }).first().innerText()).toBe('Install Istio')
    await page.locator('.task-row').getByText('A namespace of your own: met').waitFor({ state: 'attached' })
    // Checks go on as well.
    await learner.openStep('Your cluster')
    await learner.run('kubectl delete namespace mine')
    await learner.state('first-look', 'fallen')
  })

  it('starts over only when asked again, with a new cluster and nothing met', async () => {
    const before = page.url()
    await page.getByRole('button', { name: 'Menu' }).click()
    await page.getByRole('button', { name: 'Start over' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Delete and start over' }).click()
    await learner.prompt()
    expect(page.url()).not.toBe(before)
    await learner.state('first-look', 'todo')
  })
})
