import { once } from 'node:events'
import { afterAll, beforeEach, beforeAll, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { decodeFrame } from '../../protocol/live-frames.ts'
import { CLOSE_BAD_FRAME, OUTPUT } from '../../protocol/live.ts'
import { waitFor } from '../support/waiting.ts'
import { startWorld, type World } from '../support/world.ts'
import { TINY } from '../faults/support/serve.ts'

/** Threat 9: a run button that runs what the page says, and not what the lesson says. */
const COMMAND = `echo "byte's" && echo \\$HOME | tr a-z A-Z`
const lab = {
  ...TINY,
  'one.md': `# One\n\n\`\`\`bash\n${COMMAND}\n\`\`\`{{exec}}\n\n\`\`\`bash\necho only-to-copy\n\`\`\`{{copy}}\n\n{{task mine}}\n`,
}
let world: World
let session: string
beforeAll(async () => {
  world = await startWorld({ labs: { buttons: lab } })
  session = (await world.page.startSession('buttons')).id
})
afterAll(() => world[Symbol.asyncDispose]())

let socket: WebSocket
let told: { type: string; code?: string }[]
let text: string
beforeEach(async () => {
  const { ticket } = await world.page.ask<{ ticket: string }>('POST', `/api/sessions/${session}/ticket`)
  socket = new WebSocket(`${world.page.url.replace('http', 'ws')}/live`, { origin: world.page.url })
  ;[told, text] = [[], '']
  socket.on('message', (data: Buffer, binary) => {
    const frame = binary ? decodeFrame(data) : undefined
    if (frame?.opcode === OUTPUT) text += Buffer.from(frame.bytes).toString()
    else told.push(JSON.parse(data.toString()) as { type: string })
  })
  await once(socket, 'open')
  socket.send(JSON.stringify({ type: 'hello', session, ticket, page: 'p', terminals: [] }))
  await waitFor(() => told.length > 0)
  return () => socket.terminate()
})

test.each<[string, object]>([
  ['text beside the id', { step: 'one', command: 'c1', text: 'touch ~/forged' }],
  ['text in place of the id', { text: 'touch ~/forged' }],
  ['an action of its own', { step: 'one', command: 'c1', action: 'exec' }],
  ['a terminal of its own', { step: 'one', command: 'c1', terminal: 'other' }],
])('a run with %s ends the connection, and nothing runs', async (_, message) => {
  const closed = once(socket, 'close')
  socket.send(JSON.stringify({ type: 'run', ...message }))
  expect((await closed)[0]).toBe(CLOSE_BAD_FRAME)
  expect(text).toBe('')
})

test.each([
  ['a command that the lesson does not have', 'one', 'touch ~/forged'],
  ['a command of another step', 'two', 'c1'],
  ['a command that is only to be copied', 'one', 'c2'],
])('%s is refused with a code', async (_, step, command) => {
  socket.send(JSON.stringify({ type: 'run', step, command }))
  await waitFor(() => told.at(-1)?.code === 'COMMAND_UNKNOWN')
  expect(text).toBe('')
})

test('what runs is, byte for byte, what the page of the lesson shows', async () => {
  const page = await world.page.ask<{ html: string; commands: object[] }>('GET', `/api/sessions/${session}/steps/one`)
  const shown = /data-command="c1"[^]*?<code[^>]*>([^]*?)<\/code>/.exec(page.html)![1]!
  const decoded = shown
    .replaceAll(/<[^>]+>/g, '')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll(/&quot;|&#x22;|&#34;/g, '"')
    .replaceAll(/&#39;|&#x27;/g, "'")
    .replaceAll(/&#x26;|&#38;|&amp;/g, '&')
  expect(decoded.trim()).toBe(COMMAND)
  expect(JSON.stringify(page.commands)).not.toContain('echo')
  socket.send(JSON.stringify({ type: 'run', step: 'one', command: 'c1', columns: 200, rows: 40 }))
  await waitFor(() => text.includes(COMMAND) && text.includes("byte's\r\n$HOME\r\n"))
})
