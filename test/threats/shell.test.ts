import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { LiveClient } from '../support/live-client.ts'
import { LearnerShell } from '../support/learner-shell.ts'
import { notTried, whyNoSandbox } from '../support/sandbox.ts'
import { startWorld, type World } from '../support/world.ts'
import { TINY } from '../faults/support/serve.ts'

/** Threat 1: a learner leaves the terminal. The operator's environment holds a secret; so do the data folder and another session. */
const SECRET = 'operators-secret-4f1c'
let world: World
let other: LiveClient
let shell: LearnerShell
let session: string
let neighbour: string

const whyNot = await whyNoSandbox()
/** Without a sandbox a shell runs as the operator and sees what the operator sees: the page says so. */
const sandboxed = (title: string, body: () => Promise<void>) =>
  test.skipIf(whyNot !== undefined)(`in the sandbox ${title}${notTried(whyNot)}`, body)

beforeAll(async () => {
  world = await startWorld({ labs: { next: TINY }, environment: { LABWRIGHT_TEST_SECRET: SECRET } })
  ;({ session, shell } = await world.enter('tiny'))
  other = await LiveClient.login(await world.newLink())
  neighbour = (await other.startSession('next')).id
})
afterAll(async () => {
  other.close()
  await world[Symbol.asyncDispose]()
})

test('the environment of a shell is the list that the product gives, and no more', async () => {
  const { output } = await shell.run('env')
  const names = output.match(/^\w+(?==)/gm)!.filter((name) => !['PWD', 'OLDPWD', 'SHLVL', '_'].includes(name))
  expect(new Set(names)).toEqual(
    new Set(
      `HOME USER LOGNAME SHELL PATH TERM COLORTERM LANG KUBECONFIG
       https_proxy HTTPS_PROXY no_proxy NO_PROXY CURL_CA_BUNDLE SSL_CERT_FILE`.split(/\s+/),
    ),
  )
  expect(output).not.toContain(SECRET)
})

sandboxed('no process that a shell can see has a secret of the operator in its environment', async () => {
  const { output } = await shell.run(
    'cat /proc/*/environ 2>/dev/null | tr "\\0" "\\n"; echo; ls /proc | grep -c "^[0-9]"',
  )
  expect(output).not.toContain(SECRET)
  expect(Number(output.trim().split('\n').at(-1))).toBeLessThan(10)
})

test('a session says whether its shells are sandboxed, and they are where they can be', async () => {
  expect((await world.page.view(session)).sandboxed).toBe(whyNot === undefined)
})

test('the hosts that outlive the server have no secret of the operator either', async () => {
  for (const name of ['terminal-host', 'simulator-host']) {
    const pid = await world.ground.pidOf(name)
    expect(await readFile(`/proc/${pid}/environ`, 'utf8')).not.toContain(SECRET)
  }
})

sandboxed('the data folder, its sockets and other homes are not there', async () => {
  const { data, folder } = world.ground
  const places = [data, folder, world.home(neighbour), path.join(data, 'labwright.db'), path.join(data, 'run'), '/root']
  const { output } = await shell.run(`ls -d ${places.join(' ')} /var/run/docker.sock /run/* 2>/dev/null`)
  expect(output).toBe('/run/labwright\n')
  expect(
    (await shell.run(`find / -xdev -name '*.sock' -o -xdev -name '*.db' 2>/dev/null | grep -v ^/proc`)).output,
  ).toBe('')
})

sandboxed('nothing of the system can be written, no rights gained, no file system mounted', async () => {
  const { output } = await shell.run(
    [
      'for file in /usr/x /etc/x /run/labwright/x /opt/labwright/bin/x /x; do touch $file 2>/dev/null && echo wrote $file; done',
      'mount -t tmpfs none /mnt 2>/dev/null && echo mounted',
      'grep CapEff /proc/self/status',
      'id -u; kill -0 1 2>/dev/null; ls /home',
    ].join('\n'),
  )
  expect(output).toBe('CapEff:\t0000000000000000\n1000\nlearner\n')
})

test("another session's cluster and proxy refuse this learner's credentials", async () => {
  const { output } = await shell.run('cat ~/.kube/config')
  const token = (JSON.parse(output) as { users: [{ user: { token: string } }] }).users[0].user.token
  const theirs = JSON.parse(await readFile(path.join(world.home(neighbour), '.kube/config'), 'utf8')) as {
    clusters: [{ cluster: { server: string } }]
  }
  const url = `${theirs.clusters[0].cluster.server}/api/v1/namespaces`
  const asked = await shell.run(`curl -sk -o /dev/null -w '%{http_code}' -H 'Authorization: Bearer ${token}' ${url}`)
  expect(asked.output).toBe('401')
  expect((await shell.run(`curl -sk -o /dev/null -w '%{http_code}' ${url}`)).output).toMatch(/^40[13]$/)
})

test('the server itself gives a shell nothing without a login', async () => {
  const asked = await shell.run(`curl -s ${world.page.url}/api/sessions/${session}`)
  expect(asked.output).toContain('LOGIN_NEEDED')
})
