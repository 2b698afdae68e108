import { afterAll, beforeAll, expect, test } from 'vitest'
import { type LearnerShell } from '../support/learner-shell.ts'
import { startWorld, type World } from '../support/world.ts'

let world: World
let session: string
let shell: LearnerShell
beforeAll(async () => {
  world = await startWorld()
  ;({ session, shell } = await world.enter('tiny'))
})
afterAll(() => world[Symbol.asyncDispose]())

const apply = (text: string, how = 'apply') => shell.run(`kubectl ${how} -f - <<'END'\n${text}\nEND`)
const configMap = (bytes: number) =>
  `head -c ${bytes} /dev/zero | tr '\\0' x >big && kubectl create configmap big --from-file=big`

test.each<[string, string, RegExp]>([
  [
    'of the wrong shape',
    'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\ndata: [1, 2]',
    /^Error from server \(BadRequest\): .*ConfigMap.* cannot unmarshal array/,
  ],
  [
    'with a value that is not allowed',
    'apiVersion: v1\nkind: Service\nmetadata: { name: a }\nspec: { ports: [{ port: 99999 }] }',
    /^The Service "a" is invalid: \n\* spec\.ports\[0\]\.port: Invalid value: 99999: must be between 1 and 65535, inclusive/,
  ],
  [
    'with a field that its kind does not have',
    'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\ndatta: {}',
    /strict decoding error: unknown field "datta"/,
  ],
  [
    'of an unknown kind',
    'apiVersion: v1\nkind: ConfigMop\nmetadata: { name: a }',
    /no matches for kind "ConfigMop" in version "v1"/,
  ],
  [
    'of an unknown group',
    'apiVersion: example.com/v1\nkind: Thing\nmetadata: { name: a }',
    /no matches for kind "Thing" in version "example\.com\/v1"/,
  ],
  ['with tabs', 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n\tname: a', /found character that cannot start any token/],
])('a manifest %s is refused with its reason, and makes nothing', async (_, text, words) => {
  const { output, exitCode } = await apply(text)
  expect([exitCode, output]).toEqual([1, expect.stringMatching(words)])
  expect((await shell.run('kubectl get configmap,service a')).output).toMatch(/"a" not found/)
})

test.each([
  ['an object that is too large', configMap(1_100_000), /Too long: may not be more than 1048576 bytes/],
  ['a request that is too large', configMap(3_300_000), /Request entity too large|request is too large|Too long/i],
])('%s is refused with its reason', async (_, script, words) => {
  const { output, exitCode } = await shell.run(script)
  expect([exitCode, output]).toEqual([1, expect.stringMatching(words)])
})

test('the lab goes on', async () => {
  expect(await apply('apiVersion: v1\nkind: Namespace\nmetadata: { name: mine }')).toMatchObject({ exitCode: 0 })
  expect(await world.page.check(session, 'mine')).toMatchObject({ state: 'met' })
})
