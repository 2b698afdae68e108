import { afterAll, beforeAll, expect, test } from 'vitest'
import { startWorld, type World } from '../support/world.ts'
import { makeNamespace } from './support/kubernetes.ts'
import { TINY } from './support/serve.ts'

const scripts = {
  slow: 'echo still waiting; sleep 600',
  loud: 'head -c 100000000 /dev/zero | tr "\\0" x',
  killed: 'echo last words; kill -KILL $$',
  crashed: 'kill -SEGV $$',
  missing: 'no-such-program --now',
  good: 'echo well done',
}
const tasks = Object.keys(scripts).map(
  (id) => `  - { id: ${id}, title: ${id}, points: 1, timeout: 1, check: { shell: ${id}.sh }, watches: [] }\n`,
)
const lab = {
  ...TINY,
  'lab.yaml': TINY['lab.yaml'] + tasks.join(''),
  'one.md': `${TINY['one.md']}\n${Object.keys(scripts)
    .map((id) => `{{task ${id}}}\n`)
    .join('\n')}`,
  ...Object.fromEntries(Object.entries(scripts).map(([id, script]) => [`${id}.sh`, `${script}\n`])),
}

let world: World
let session: string
beforeAll(async () => {
  world = await startWorld({ labs: { checks: lab } })
  session = (await world.page.startSession('checks')).id
})
afterAll(() => world[Symbol.asyncDispose]())

test.each([
  ['slow', 'check-timed-out', /^The check did not end within 1 s and was stopped\.$/, 'still waiting'],
  ['loud', 'check-too-loud', /^The check printed more than 4 MiB and was stopped\.$/, 'xxx'],
  ['killed', 'check-killed', /^The check was ended from outside by signal SIGKILL\.$/, 'last words'],
  ['crashed', 'check-killed', /^The check was ended from outside by signal SIGSEGV\.$/, undefined],
  ['missing', 'check-command-missing', /^The check could not run one of its commands \(exit code 127\)\.$/, 'no-such'],
])('a check that is %s is broken, in one sentence, and costs nothing', async (task, code, reason, output) => {
  const verdict = await world.page.check(session, task)
  expect(verdict).toMatchObject({ state: 'broken', code, reason: expect.stringMatching(reason), earned: 0 })
  expect(verdict.evidence).toEqual(
    output === undefined ? [] : [{ kind: 'output', text: expect.stringContaining(output) }],
  )
  expect(JSON.stringify(verdict).length).toBeLessThan(4000)
})

test('the lab goes on: other checks answer, and points are kept', async () => {
  await makeNamespace(world.ground.data, session, 'mine')
  expect(await world.page.check(session, 'mine')).toMatchObject({ state: 'met', earned: 5 })
  expect(await world.page.check(session, 'good')).toMatchObject({ state: 'met', reason: 'well done', earned: 1 })
  expect((await world.page.view(session)).points.earned).toBe(6)
})
