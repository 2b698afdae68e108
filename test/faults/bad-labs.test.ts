import { afterAll, beforeAll, expect, test } from 'vitest'
import { waitFor } from '../support/waiting.ts'
import { startWorld, type World } from '../support/world.ts'
import { TINY } from './support/serve.ts'

const yaml = TINY['lab.yaml']
const broken: Record<string, [yaml: string, code: string, words: RegExp]> = {
  'missing-file': [yaml.replace('one.md', 'two.md'), 'LAB_FILE_MISSING', /lab\.yaml:6:\d+: the file two\.md /],
  'unknown-key': [`${yaml}colour: red\n`, 'LAB_SHAPE', /lab\.yaml:13:\d+: unknown key `colour`/],
  'duplicate-id': [
    yaml.replace('steps: [', 'steps: [{ id: one, title: Other, text: one.md }, '),
    'LAB_DUPLICATE',
    /the step id "one" is used twice/,
  ],
  'circular-hint': [
    `${yaml}    hints: [{ id: a, text: A, after: b }, { id: b, text: B, after: a }]\n`,
    'LAB_HINT_CIRCLE',
    /in a circle \(a, b\)/,
  ],
  tabs: [yaml.replace('    title: A', '\t\ttitle: A'), 'LAB_YAML', /indented with a tab/],
  'no-setup': [yaml.replace('[setup.yaml]', '[gone.yaml]'), 'LAB_FILE_MISSING', /gone\.yaml/],
}

let world: World
beforeAll(async () => {
  const labs = Object.entries(broken).map(([id, [text]]) => [id, { ...TINY, 'lab.yaml': text }])
  const refused = { 'lab.yaml': yaml, 'one.md': TINY['one.md'], 'setup.yaml': 'apiVersion: v1\nkind: Nonsense\n' }
  world = await startWorld({ labs: { ...Object.fromEntries(labs), 'bad-setup': refused } })
})
afterAll(() => world[Symbol.asyncDispose]())

test('bad labs hide no good one: that is offered, starts, and is checked', async () => {
  expect((await world.page.labs()).map(({ id }) => id)).toEqual(['bad-setup', 'tiny'])
  expect((await world.page.startSession('tiny')).state).toBe('ready')
})

test.each(Object.entries(broken))(
  '%s: the operator reads one sentence with place and code',
  async (id, [, code, words]) => {
    const line = () => world.server.errors.split('\n').filter((text) => text.includes(`The lab "${id}" is left out.`))
    await waitFor(() => line().length > 0)
    await world.page.labs()
    expect(line()).toEqual([expect.stringMatching(new RegExp(`^labwright: .*${words.source}.* \\[${code}\\]$`))])
  },
)

test.each(Object.entries(broken))('%s: whoever starts it all the same is answered so', async (id, [, code, words]) => {
  const { status, text } = await world.page.answer('POST', '/api/sessions', { lab: id })
  expect([status, JSON.parse(text)]).toEqual([422, { code, sentence: expect.stringMatching(words) }])
})

test('a set-up that the cluster cannot take fails its phase with a sentence, and can be tried again', async () => {
  await expect(world.page.startSession('bad-setup')).rejects.toThrow(
    'setup.yaml could not be read: an object needs apiVersion, kind and metadata.name.',
  )
  const { id } = await world.page.ask<{ id: string }>('POST', '/api/sessions', { lab: 'bad-setup' })
  await world.page.ask('POST', `/api/sessions/${id}/retry`)
  await expect(world.page.startSession('bad-setup')).rejects.toThrow('setup.yaml could not be read')
})
