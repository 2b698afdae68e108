import type { Resources } from '../server/main/resources.ts'
import { startLabwright } from '../test/support/labwright.ts'
import { LiveClient } from '../test/support/live-client.ts'
import { median, ratio, type Benchmark } from './measure.ts'
import { startRelay, type Keyboard } from './relay.ts'

const KEYS = 150
/** As slow as a fast typist, or else the two ends would batch. */
const PAUSE_MILLISECONDS = 5
const CLEAR_LINE = '\u0015'

/** One key at a time through bash's line editor: ours against a bare relay of node-pty and ws, key by key in turns. */
export const echo: Benchmark = {
  name: 'echo',
  async run(runs, resources) {
    const ours = await openTerminal(resources)
    const bare = resources.add(await startRelay())
    const times: number[] = []
    const reference: number[] = []
    for (let round = 0; round <= runs; round++) {
      const pairs = await typeInTurns([ours, bare], KEYS)
      // The first round warms both up.
      if (round === 0) continue
      times.push(median(pairs.map(([time]) => time!)))
      reference.push(median(pairs.map(([, time]) => time!)))
    }
    return [ratio('echo: keystroke p50', times, { name: 'bare node-pty + ws', runs: reference }, 1.5)]
  },
}

async function openTerminal(resources: Resources): Promise<Pick<Keyboard, 'type' | 'onOutput'>> {
  const labwright = resources.add(await startLabwright())
  const client = await LiveClient.login(labwright.link)
  const { id } = await client.startSession('service-mesh')
  await client.connect(id)
  resources.add({ [Symbol.asyncDispose]: async () => client.close() })
  const opened = client.next((message) => message.type === 'terminals' && message.terminals.length > 0)
  client.send({ type: 'open', name: 'echo', columns: 200, rows: 50 })
  const message = await opened
  const number = message.type === 'terminals' ? message.terminals.at(-1)!.number : 0
  return { type: (text) => client.type(number, text), onOutput: (heard) => client.onOutput(heard) }
}

/** Types letters, each when the one before was echoed; the milliseconds of each letter on each terminal. */
async function typeInTurns(terminals: Pick<Keyboard, 'type' | 'onOutput'>[], count: number): Promise<number[][]> {
  for (const terminal of terminals) terminal.type(CLEAR_LINE)
  await pause(500)
  const times: number[][] = []
  for (let index = 0; index < count; index++) {
    const letter = 'abcdefghijklmnopqrstuvwxyz'[index % 26]!
    const row: number[] = []
    for (const terminal of terminals) {
      row.push(await echoOf(terminal, letter))
      await pause(PAUSE_MILLISECONDS)
    }
    times.push(row)
    if (index % 50 === 49) for (const terminal of terminals) terminal.type(CLEAR_LINE)
  }
  return times
}

async function echoOf(terminal: Pick<Keyboard, 'type' | 'onOutput'>, letter: string): Promise<number> {
  const start = performance.now()
  const end = await new Promise<number>((resolve) => {
    const listening = terminal.onOutput((bytes) => {
      if (!Buffer.from(bytes).includes(letter)) return
      listening[Symbol.dispose]()
      resolve(performance.now())
    })
    terminal.type(letter)
  })
  return end - start
}

const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds))
