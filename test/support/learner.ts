import type { Locator, Page } from 'playwright-core'

/** What a learner does on the lab page, in the words of the page. */
export class Learner {
  readonly page: Page
  #runs = 0

  constructor(page: Page) {
    this.page = page
  }

  /** Opens the start link if there is one, starts (or continues) the first lab, and waits for a prompt. */
  async startLab(link?: string): Promise<void> {
    if (link !== undefined) await this.page.goto(link)
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

  /** Types into the terminal in front, a line at a time. */
  async type(text: string): Promise<void> {
    await this.page.locator('.pane:not([hidden]) .xterm-helper-textarea').focus()
    for (const line of text.split('\n')) {
      await this.page.keyboard.insertText(line)
      await this.page.keyboard.press('Enter')
    }
  }

  /** Types, and waits for the prompt that follows. */
  async run(text: string): Promise<void> {
    const mark = `ran-${++this.#runs}.`
    await this.type(text)
    // Typed ahead: the shell reads it when the command has ended. The sum keeps the echo from looking like the answer.
    await this.type(`echo ran-$((${this.#runs - 1} + 1)).`)
    await this.output(mark)
  }

  /** Waits until the terminal in front shows a text. */
  async output(text: string, timeout = 60_000): Promise<void> {
    try {
      await this.page.locator('.pane:not([hidden]) .xterm-rows').getByText(text).first().waitFor({ timeout })
    } catch (cause) {
      throw new Error(`the terminal does not show ${JSON.stringify(text)}:\n${await this.terminalText()}`, { cause })
    }
  }

  /** Where a task stands in the text of the open step. */
  place(task: string): Locator {
    return this.page.locator(`section[data-task="${task}"]`)
  }

  /** Waits until a task of the open step is in a state. */
  async state(id: string, state: string, timeout = 30_000): Promise<void> {
    const place = this.place(id)
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

  async openStep(title: string): Promise<void> {
    await this.page.getByRole('button', { name: 'All steps' }).click()
    await this.page.locator('.contents').getByRole('button', { name: title }).click()
    await this.page.getByRole('heading', { name: title, level: 1 }).waitFor()
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
