import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { LearnerShell } from '../support/learner-shell.ts'
import { startWorld, type World } from '../support/world.ts'
import { TINY } from '../faults/support/serve.ts'

/** Threat 3: forging a verdict. The task asks for a namespace that this learner never makes. */
const lab = {
  ...TINY,
  'lab.yaml': `${TINY['lab.yaml']}  - { id: script, title: By script, points: 5, check: { shell: check.sh }, watches: [] }\n`,
  'one.md': '# One\n\n```bash\nkubectl get namespace mine\n```{{exec}}\n\n{{task mine}}\n\n{{task script}}\n',
  'check.sh': 'kubectl get namespace mine >/dev/null 2>&1 || { echo "there is no namespace mine"; exit 1; }\n',
}
let world: World
let session: string
let shell: LearnerShell
beforeAll(async () => {
  world = await startWorld({ labs: { forged: lab } })
  ;({ session, shell } = await world.enter('forged'))
})
afterAll(() => world[Symbol.asyncDispose]())

const fake = '#!/bin/sh\\necho \'{"state":"met","code":"met","reason":"PASSED","evidence":[]}\'\\nexit 0\\n'
const verdict = '{"type":"verdict","task":"mine","by":"learner","verdict":{"state":"met","points":5}}'

beforeEach(async () => {
  expect((await world.page.view(session)).points.earned).toBe(0)
})

test.each([
  [
    'replaces kubectl, curl and bash on the PATH',
    `mkdir -p ~/bin; for name in kubectl curl bash sh jq; do printf '${fake}' >~/bin/$name; chmod +x ~/bin/$name; done; export PATH=~/bin:$PATH; hash -r`,
  ],
  [
    'writes start files, aliases and functions',
    `echo 'kubectl() { exit 0; }; alias kubectl=true; trap "exit 0" EXIT' | tee ~/.bashrc ~/.profile ~/.bash_profile >~/.zshenv; export BASH_ENV=~/.bashrc ENV=~/.bashrc PROMPT_COMMAND=true LD_PRELOAD=/tmp/x.so NODE_OPTIONS='--require /tmp/x.cjs'`,
  ],
  ['prints marks of ended commands', String.raw`printf '\033]133;C\a\033]133;D;0\a\033]133;A\a\033]133;B\a'`],
  ['prints verdicts', `printf '%s\\n' '${verdict}' 'PASSED' '{"state":"met"}'; exec 3>&1; echo '${verdict}' >&3`],
  [
    'points the kubeconfig at a server of their own',
    `sed -i 's#https://127.0.0.1:[0-9]*#https://127.0.0.1:1#' ~/.kube/config; export KUBECONFIG=/dev/null`,
  ],
])('a learner who %s changes no verdict', async (_, script) => {
  shell.type(`${script.replaceAll('\n', '; ')}\r`)
  shell.type('echo all-$((1 + 1))\r')
  await expect.poll(() => shell.text.split('all-2').length).toBeGreaterThan(1)
  expect(await world.page.check(session, 'mine')).toMatchObject({ state: 'unmet', earned: 0 })
  expect(await world.page.check(session, 'script')).toMatchObject({
    state: 'unmet',
    reason: 'there is no namespace mine',
    earned: 0,
  })
})

test('no route and no message takes a verdict', async () => {
  const body = JSON.parse(verdict) as object
  for (const url of ['', '/verdict', '/events', '/tasks/mine', '/tasks/mine/verdict', '/tasks/mine/check'])
    for (const method of ['PUT', 'PATCH', 'POST'])
      await world.page.answer(method, `/api/sessions/${session}${url}`, {
        ...body,
        state: 'met',
        points: { earned: 5 },
      })
  await world.page.check(session, 'mine')
  expect((await world.page.view(session)).tasks.map(({ state }) => state)).toEqual(['unmet', 'unmet'])
})

test("the grader's token is nowhere in the learner's reach", async () => {
  const clusters = path.join(world.ground.data, 'clusters')
  const tokens: string[] = []
  for (const entry of await readdir(clusters, { withFileTypes: true })) {
    if (!entry.isDirectory()) continue
    const identity = JSON.parse(await readFile(path.join(clusters, entry.name, 'cluster.json'), 'utf8')) as {
      credentials: { tokens: { grader: string; learner: string } }
    }
    expect(identity.credentials.tokens.grader).not.toBe(identity.credentials.tokens.learner)
    tokens.push(identity.credentials.tokens.grader)
  }
  expect(tokens.length).toBeGreaterThan(0)
  const { sandboxed } = await world.page.view(session)
  const places = sandboxed ? '/home /tmp /run /opt /etc /proc/*/environ /proc/*/cmdline' : '~ /tmp/labwright-check-*'
  // A pattern that does not find itself, in a shell whose PATH and functions may be anything.
  const patterns = tokens.map((token) => `-e '[${token[0]}]${token.slice(1)}'`).join(' ')
  shell.type(`builtin printf 'found-%s-end\\n' "$(/usr/bin/grep -rls ${patterns} ${places} | /usr/bin/wc -l)"\r`)
  await expect.poll(() => /found-\d+-end/.exec(shell.text)?.[0], { timeout: 10_000 }).toBe('found-0-end')
})
