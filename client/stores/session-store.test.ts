import { beforeEach, describe, expect, test } from 'vitest'
import { CLOSE_NO_SESSION } from '../../protocol/live.ts'
import type { SessionView, StepPage, TaskView } from '../../protocol/session.ts'
import { ApiError } from './api.ts'
import { SessionStore } from './session-store.ts'
import { HandClock, HandSocket, settle } from './testing.ts'

const task: TaskView = {
  id: 'strict',
  title: 'Plaintext is cut off',
  step: 'mtls',
  points: 10,
  earned: 0,
  state: 'todo',
  met: false,
  evidence: [],
  hints: [],
  nextHintCost: 2,
}
const view = {
  id: 's1',
  state: 'ready',
  tasks: [task],
  steps: [{ id: 'mtls', title: 'Strict mTLS', tasks: ['strict'] }],
  points: { earned: 0, possible: 10 },
} as unknown as SessionView

let clock: HandClock
let sockets: HandSocket[]
let answers: Record<string, unknown>
let requests: string[]
/** Set by a test that answers by hand. */
let hold: Promise<void> | undefined
let store: SessionStore
const socket = () => sockets.at(-1)!
const welcome = (terminals: { number: number; name: string }[] = []) =>
  socket().say({ type: 'welcome', view, terminals, commands: [] })

beforeEach(async () => {
  clock = new HandClock()
  sockets = []
  requests = []
  hold = undefined
  answers = { 'sessions/s1': view, 'sessions/s1/ticket': { ticket: 't' } }
  store = new SessionStore({
    id: 's1',
    clock,
    open: () => {
      sockets.push(new HandSocket())
      return socket()
    },
    request: async <T>(method: string, path: string) => {
      requests.push(`${method} ${path}`)
      if (method === 'POST') await hold
      const answer = answers[path]
      if (answer instanceof Error) throw answer
      return answer as T
    },
  })
  await store.load()
  await settle()
  socket().emit('open')
})

test('says who it is, and opens the first terminal by itself', () => {
  expect(socket().messages).toMatchObject([{ type: 'hello', session: 's1', ticket: 't', terminals: [] }])
  welcome()
  expect(socket().messages.at(-1)).toEqual({ type: 'open', name: 'bash 1', columns: 80, rows: 24 })
  socket().say({ type: 'terminals', terminals: [{ number: 7, name: 'bash 1' }] })
  expect(store.current.value).toBe(7)
})

test('opens no terminal where there is one', () => {
  welcome([{ number: 7, name: 'bash 1' }])
  expect(socket().messages).toHaveLength(1)
})

test('a run names the command, and its terminal comes to the front', () => {
  welcome([
    { number: 7, name: 'bash 1' },
    { number: 8, name: 'bash 2' },
  ])
  store.run('mtls', 'c1', 'bash 1')
  expect(store.current.value).toBe(7)
  expect(socket().messages.at(-1)).toMatchObject({ type: 'run', step: 'mtls', command: 'c1' })
  socket().say({ type: 'command', command: { step: 'mtls', command: 'c1', state: 'done', exitCode: 0 } })
  expect(store.command('mtls', 'c1')).toMatchObject({ state: 'done', exitCode: 0 })
})

test('a verdict changes the task and is announced once', () => {
  welcome()
  const unmet: TaskView = { ...task, state: 'unmet', reason: 'Still answered with 200.' }
  socket().say({ type: 'task', task: { ...task, state: 'checking' }, points: view.points })
  expect(store.announcement.value).toBe('')
  socket().say({ type: 'task', task: unmet, points: view.points })
  expect(store.announcement.value).toBe('Plaintext is cut off: not yet met. Still answered with 200.')
  expect(store.task('strict')).toEqual(unmet)
})

test('after the last hint there is no next one', async () => {
  welcome()
  answers['sessions/s1/tasks/strict/hint'] = { hints: ['Look at the mode.'] }
  await store.hint('strict')
  expect(store.task('strict')?.hints).toEqual(['Look at the mode.'])
  expect(store.task('strict')?.nextHintCost).toBeUndefined()
})

test('a refusal is shown as its sentence', async () => {
  welcome()
  answers['sessions/s1/tasks/strict/check'] = new ApiError('X', 409, 'A check runs already.')
  await store.check('strict')
  expect(store.problem.value).toBe('A check runs already.')
})

test('a lost connection comes back by itself, with what the page has already', async () => {
  welcome([{ number: 7, name: 'bash 1' }])
  store.stream(7).output({ opcode: 1, terminal: 7, offset: 0, bytes: new Uint8Array(5) })
  socket().emit('close', { code: 1006 })
  expect(store.connection.value.state).toBe('waiting')
  await clock.advance(250)
  expect(sockets).toHaveLength(2)
  socket().emit('open')
  expect(socket().messages).toMatchObject([{ type: 'hello', terminals: [{ number: 7, offset: 5 }] }])
})

test('retries wait longer each time, at most five seconds', async () => {
  answers['sessions/s1/ticket'] = new ApiError('OFFLINE', 0, 'no answer')
  socket().emit('close', { code: 1006 })
  const waits: number[] = []
  for (let attempt = 0; attempt < 8; attempt++) {
    const state = store.connection.value
    const wait = state.state === 'waiting' ? state.until - clock.now() : -1
    waits.push(wait)
    await clock.advance(wait)
  }
  expect(waits[0]).toBeLessThanOrEqual(250)
  expect(Math.min(...waits.slice(5))).toBeGreaterThanOrEqual(3750)
  expect(Math.max(...waits)).toBeLessThanOrEqual(5000)
})

test('a silent connection is given up after 45 seconds', async () => {
  welcome()
  await clock.advance(60_000)
  expect(sockets[0]?.closed).toBe(true)
})

test('a session that is gone is not asked for again', async () => {
  welcome()
  socket().emit('close', { code: CLOSE_NO_SESSION })
  await clock.advance(60_000)
  expect([store.connection.value.state, sockets.length]).toEqual(['ended', 1])
})

test('lost shells are said, and forgotten when a new one is open', () => {
  welcome([{ number: 7, name: 'bash 1' }])
  socket().say({ type: 'terminals', terminals: [], lost: true })
  expect([store.lost.value, store.current.value]).toEqual([true, undefined])
  store.openTerminal()
  socket().say({ type: 'terminals', terminals: [{ number: 9, name: 'bash 1' }] })
  expect([store.lost.value, store.current.value]).toEqual([false, 9])
})

describe('turning pages', () => {
  const turns = () => requests.filter((request) => request.startsWith('POST sessions/s1/steps/')).map((it) => it.at(-1))
  const turn = async (...steps: string[]) => {
    for (const step of steps) await store.turnTo(step)
    await settle()
  }

  test('tells the server every time, and asks for each text once', async () => {
    await turn('a', 'b', 'a')
    expect(turns()).toEqual(['a', 'b', 'a'])
    expect(requests.filter((request) => request.startsWith('GET sessions/s1/steps/'))).toHaveLength(2)
  })

  test('quickly tells one page after the other, and the last one last', async () => {
    let answer = () => {}
    hold = new Promise((resolve) => (answer = resolve))
    await turn('a', 'b', 'c')
    expect(turns()).toEqual(['a'])
    answer()
    await settle()
    expect(turns()).toEqual(['a', 'c'])
  })

  test('without a connection is told when there is one again', async () => {
    await turn('a')
    answers['sessions/s1/steps/b'] = new ApiError('OFFLINE', 0, 'no answer')
    store.steps.value = new Map(store.steps.value).set('b', { id: 'b' } as StepPage)
    await turn('b')
    expect(store.problem.value).toBeUndefined()
    delete answers['sessions/s1/steps/b']
    welcome()
    await settle()
    welcome()
    await settle()
    expect(turns()).toEqual(['a', 'b', 'b'])
  })
})
