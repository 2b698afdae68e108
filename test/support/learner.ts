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
    await this.page
      .locator('.pane:not([hidden]) .xterm-rows')
      .getByText('learner@lab')
      .first()
      .waitFor({ timeout: 20_000 })
  }

  /** Clicks every Save and Run of the step in the order of the text, each when the one before has ended. */
  async clickThrough(): Promise<void> {
    const folded = this.page.locator('.lesson details:not([open]):has(figure) > summary')
    while ((await folded.count()) > 0) await folded.first().click()
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
  }

  async type(command: string): Promise<void> {
    await this.page.locator('.xterm-helper-textarea').first().focus()
    await this.page.keyboard.insertText(command)
    await this.page.keyboard.press('Enter')
  }

  /** Waits until a task of the open step is in a state. */
  async task(id: string, state: string, timeout = 30_000): Promise<void> {
    const place = this.page.locator(`section[data-task="${id}"]`)
    try {
      await this.page
        .locator(`section[data-task="${id}"][data-state="${state}"]`)
        .waitFor({ timeout, state: 'attached' })
    } catch (cause) {
      // What the page and the terminal said helps more than a time-out.
      throw new Error(`task ${id} is not ${state}:\n${await place.innerText()}\n${await this.terminalText()}`, {
        cause,
      })
    }
  }

  async tasksOfStep(): Promise<string[]> {
    const places = await this.page.locator('section[data-task]').all()
    return Promise.all(places.map(async (place) => (await place.getAttribute('data-task')) ?? ''))
  }

  /** Turns the page; `task` is one that stands on the next. */
  async nextStep(task: string): Promise<void> {
    await this.page.getByRole('button', { name: 'Next step' }).click()
    await this.page.locator(`section[data-task="${task}"]`).waitFor({ state: 'attached' })
  }

  async terminalText(): Promise<string> {
    return this.page.locator('.pane:not([hidden]) .xterm-rows').innerText()
  }
}
