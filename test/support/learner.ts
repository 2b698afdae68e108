import type { Locator, Page } from 'playwright-core'

/** What a learner does on the lab page, in the words of the page. */
export class Learner {
  readonly page: Page

  constructor(page: Page) {
    this.page = page
  }

  /** Opens the start link, starts the first lab, and waits for a prompt. */
  async startLab(link: string): Promise<void> {
    await this.page.goto(link)
    await this.page
      .getByRole('button', { name: /^(Start|Continue)/ })
      .first()
      .click()
    await this.prompt()
  }

  async prompt(): Promise<void> {
    await this.page.locator('.xterm-rows').getByText('learner@lab').first().waitFor({ timeout: 20_000 })
  }

  /** Clicks every Save and Run of the step in the order of the text, each when the one before has ended. */
  async clickThrough(): Promise<void> {
    for (const details of await this.page.locator('.lesson details:not([open]) > summary').all())
      if (await details.isVisible()) await details.click()
    const blocks = await this.page.locator('.lesson figure[data-command], .lesson figure[data-file]').all()
    for (const block of blocks) await this.clickBlock(block)
  }

  async clickBlock(block: Locator): Promise<void> {
    if ((await block.getAttribute('data-file')) !== null) {
      await block.getByRole('button', { name: 'Save to file' }).click()
      await block.locator('.result.done').waitFor()
      return
    }
    await block.getByRole('button', { name: /^Run/ }).click()
    await block.locator('.result.done, .result.failed').waitFor({ timeout: 60_000 })
    // The text of a failed block helps more than a time-out of the task later.
    if ((await block.locator('.result.failed').count()) > 0)
      throw new Error(
        `a command of the lesson failed: ${await block.locator('code').innerText()}\n${await this.terminalText()}`,
      )
  }

  async type(command: string): Promise<void> {
    await this.page.locator('.xterm-helper-textarea').first().focus()
    await this.page.keyboard.insertText(command)
    await this.page.keyboard.press('Enter')
  }

  /** Waits until a task of the open step is in a state. */
  async task(id: string, state: string, timeout = 30_000): Promise<void> {
    await this.page.locator(`section[data-task="${id}"][data-state="${state}"]`).waitFor({ timeout, state: 'attached' })
  }

  async tasksOfStep(): Promise<string[]> {
    const places = await this.page.locator('section[data-task]').all()
    return Promise.all(places.map(async (place) => (await place.getAttribute('data-task')) ?? ''))
  }

  async nextStep(): Promise<void> {
    const before = await this.page.locator('.lesson h1').first().innerText()
    await this.page.getByRole('button', { name: 'Next step' }).click()
    await this.page.locator('.lesson h1').first().filter({ hasNotText: before }).waitFor()
  }

  async terminalText(): Promise<string> {
    return this.page.locator('.xterm-rows').first().innerText()
  }
}
