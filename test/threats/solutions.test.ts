import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { LearnerShell } from '../support/learner-shell.ts'
import { rawRequest } from '../support/raw-request.ts'
import { notTried, whyNoSandbox } from '../support/sandbox.ts'
import { startWorld, type World } from '../support/world.ts'
import { TINY } from '../faults/support/serve.ts'

/** Threat 4: stealing the solution or the hidden checks. Each of those files holds a word that nothing else holds. */
const CANARY = 'canary-7e1d03'
const hidden = ['solution/one.sh', 'wrong/one.sh', 'also-right/one.sh', 'proof.yaml', 'checks/hidden.sh']
const lab = {
  ...TINY,
  'lab.yaml': `${TINY['lab.yaml']}  - { id: script, title: By script, points: 5, check: { shell: checks/hidden.sh }, watches: [] }\n`,
  'one.md': '# One\n\n![map](assets/map.svg)\n\n```bash\necho hello\n```{{exec}}\n\n{{task mine}}\n\n{{task script}}\n',
  'assets/map.svg': '<svg xmlns="http://www.w3.org/2000/svg"/>',
  ...Object.fromEntries(hidden.map((name) => [name, `# ${CANARY}\nexit 1\n`])),
}
const root = path.resolve(import.meta.dirname, '../..')
let world: World
let session: string
let shell: LearnerShell
beforeAll(async () => {
  world = await startWorld({ labs: { secret: lab } })
  ;({ session, shell } = await world.enter('secret'))
})
afterAll(() => world[Symbol.asyncDispose]())

test('no answer of any route holds it', async () => {
  const base = `/api/sessions/${session}`
  const known = [
    '/',
    '/index.html',
    '/healthz',
    '/api/me',
    '/api/labs',
    base,
    `${base}/steps/one`,
    `${base}/assets/map.svg`,
  ]
  const guesses = hidden.flatMap((name) => [
    `/${name}`,
    `/labs/secret/${name}`,
    `/api/labs/secret/${name}`,
    `${base}/${name}`,
    `${base}/steps/${encodeURIComponent(`../${name}`)}`,
    ...[`../${name}`, `..%2f${name}`, `..%2F${name.replaceAll('/', '%2F')}`, `%2e%2e/${name}`, name].map(
      (file) => `${base}/assets/${file}`,
    ),
  ])
  for (const url of [...known, ...guesses]) {
    const { status, body } = await rawRequest(world.page, url)
    expect([url, body.includes(CANARY)]).toEqual([url, false])
    expect([url, status]).toEqual([url, known.includes(url) ? 200 : 404])
  }
  expect(await world.page.check(session, 'script')).toMatchObject({ state: 'unmet' })
  expect(JSON.stringify(await world.page.view(session))).not.toContain(CANARY)
})

test('the pages that everybody loads hold nothing of the labs', async () => {
  const folder = path.join(root, 'dist/client')
  const solutions = path.join(root, 'labs/service-mesh/solution')
  const lines = (
    await Promise.all((await readdir(solutions)).map((name) => readFile(path.join(solutions, name), 'utf8')))
  )
    .flatMap((text) => text.split('\n'))
    .filter((line) => line.length > 30)
  expect(lines.length).toBeGreaterThan(5)
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !/\.(js|css|html|json|map)$/.test(entry.name)) continue
    const text = await readFile(path.join(entry.parentPath, entry.name), 'utf8')
    for (const word of [...lines, 'proof.yaml', 'also-right']) expect(text).not.toContain(word)
  }
})

const whyNot = await whyNoSandbox()
test.skipIf(whyNot !== undefined)(`in the sandbox of the workspace there is no lab${notTried(whyNot)}`, async () => {
  const { output } = await shell.run(
    `ls -d ${world.ground.folder} ${path.join(root, 'labs')} 2>/dev/null
    find / \\( -path /proc -o -path /sys -o -name node_modules \\) -prune -o \\( -name proof.yaml -o -name hidden.sh \\) -print 2>/dev/null`,
  )
  expect(output).toBe('')
})
