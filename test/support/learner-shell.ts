import { existsSync } from 'node:fs'
import { readFile, rename, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { LiveClient } from './live-client.ts'
import { waitFor } from './waiting.ts'

/** Scripts that were run, by all shells: each has files of its own. */
let count = 0

/** A terminal of a session, as its learner has it: what is run is typed, and its output is read from a file of the home. */
export class LearnerShell {
  readonly #page: LiveClient
  readonly #home: string
  readonly terminal: number
  /** All that the terminal printed. */
  text = ''

  private constructor(page: LiveClient, home: string, terminal: number) {
    this.#page = page
    this.#home = home
    this.terminal = terminal
    page.onOutput((bytes, _offset, of) => {
      if (of === terminal) this.text += Buffer.from(bytes).toString()
    })
  }

  /** Opens a terminal of the session that the page shows. */
  static async open(page: LiveClient, home: string, name = 'test'): Promise<LearnerShell> {
    const opened = page.next(
      (message) => message.type === 'terminals' && message.terminals.some((terminal) => terminal.name === name),
    )
    page.send({ type: 'open', name, columns: 200, rows: 40 })
    const { terminals } = (await opened) as { terminals: { name: string; number: number }[] }
    return new LearnerShell(page, home, terminals.find((terminal) => terminal.name === name)!.number)
  }

  type(text: string): void {
    this.#page.type(this.terminal, text)
  }

  /** Runs a script in the shell itself, so that what it sets stays set. */
  async run(script: string, milliseconds = 30_000): Promise<{ output: string; exitCode: number }> {
    const name = `.run-${process.pid}-${(count += 1)}`
    const file = (ending: string) => path.join(this.#home, name + ending)
    await writeFile(file('.new'), script)
    await rename(file('.new'), file('.sh'))
    this.type(`. ~/${name}.sh >~/${name}.out 2>&1; echo $? >~/${name}.code\r`)
    await waitFor(async () => existsSync(file('.code')) && (await readFile(file('.code'), 'utf8')) !== '', milliseconds)
    return { output: await readFile(file('.out'), 'utf8'), exitCode: Number(await readFile(file('.code'), 'utf8')) }
  }
}
