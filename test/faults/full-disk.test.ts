import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { LearnerShell } from '../support/learner-shell.ts'
import { notTried } from '../support/sandbox.ts'
import { waitFor } from '../support/waiting.ts'
import { startWorld, type World } from '../support/world.ts'
import { SmallDisk } from './support/disk.ts'
import { asLearner, makeNamespace } from './support/kubernetes.ts'
import { TINY, type GroundFolders } from './support/serve.ts'

/** A data folder on a disk of 24 MiB: first in use, then full, then with room again. The tests are one story. */
let world: World
let disk: SmallDisk
let data: string
let session: string
let file: string
let shell: LearnerShell
const acknowledged: string[] = ['before']

const lab = (go: string) => ({
  ...TINY,
  'lab.yaml': `${TINY['lab.yaml']}  - { id: late, title: Late, points: 1, timeout: 60, check: { shell: late.sh }, watches: [] }\n`,
  'late.sh': `echo begun >${go}.begun; until [ -e ${go} ]; do sleep 0.05; done; echo well done; echo ended >${go}.ended\n`,
  'one.md': '# One\n\n```yaml\nkind: List\n```{{save list.yaml}}\n\n{{task mine}}\n\n{{task late}}\n',
})
const place = async (ground: GroundFolders) => (disk = await SmallDisk.mount(ground.data, 'size=24m,mode=700'))
const create = async (name: string) => (await makeNamespace(data, session, name)).status
const refused = (answer: { status: number; text: string }) => [answer.status, JSON.parse(answer.text) as unknown]
const full = (code: string, words: RegExp) => [507, { code, sentence: expect.stringMatching(words) }]
const signal = () => path.join(world.ground.folder, 'go')

const whyNot = await SmallDisk.whyNot()
describe.runIf(whyNot === undefined)(`a full disk${notTried(whyNot)}`, () => {
  beforeAll(async () => {
    world = await startWorld({ place })
    data = disk.seen(world.ground.data)
    // The lab names a folder of this test, so it comes when that is known.
    const folder = path.join(world.ground.folder, 'labs', 'tiny')
    for (const [name, text] of Object.entries(lab(signal()))) await writeFile(path.join(folder, name), text)
    ;({ session, shell } = await world.enter('tiny'))
    expect(await shell.run('echo kept >notes && kubectl create namespace before')).toMatchObject({ exitCode: 0 })
    expect(await create('mine')).toBe(201)
    expect(await world.page.check(session, 'mine')).toMatchObject({ state: 'met', earned: 5 })
    await world.page.ask('POST', `/api/sessions/${session}/tasks/late/check`)
    await waitFor(() => existsSync(`${signal()}.begun`))
    const step = await world.page.ask<{ files: { id: string }[] }>('GET', `/api/sessions/${session}/steps/one`)
    file = step.files[0]!.id
    disk.fill()
  })
  afterAll(() => world[Symbol.asyncDispose]())

  test('the store says it: a check is refused with a sentence, and so is the page told', async () => {
    const asked = await world.page.answer('POST', `/api/sessions/${session}/tasks/mine/check`)
    expect(refused(asked)).toEqual(full('DISK_FULL', /^The disk that holds .* is full.*Make room there/))
    const { problem, points } = await world.page.view(session)
    expect([problem?.code, points.earned]).toEqual(['DISK_FULL', 5])
  })

  test('the workspace says it', async () => {
    const saved = await world.page.answer('POST', `/api/sessions/${session}/files`, { step: 'one', file })
    expect(refused(saved)).toEqual(
      full('WORKSPACE_NOT_WRITABLE', /list\.yaml could not be written \(the disk is full\)/),
    )
  })

  test('shells live and say it, and another can be opened', async () => {
    shell.type('echo more >more; echo alive-$((1 + 1))\r')
    await waitFor(() => shell.text.includes('No space left on device') && shell.text.includes('alive-2'))
    const other = await LearnerShell.open(world.page, world.home(session), 'other')
    other.type('cat notes\r')
    await waitFor(() => other.text.includes('kept\r\n'))
  })

  test('the cluster says it, reads go on, and what it acknowledged is there', async () => {
    let status = 201
    for (let number = 0; status === 201 && number < 100; number += 1) {
      status = await create(`full-${number}`)
      if (status === 201) acknowledged.push(`full-${number}`)
    }
    expect((await makeNamespace(data, session, 'more')).body).toMatchObject({
      code: 507,
      reason: 'DISK_FULL',
      message: expect.stringMatching(/^the disk that holds this cluster is full, so nothing was changed; make room/),
    })
    shell.type('kubectl create namespace more\r')
    await waitFor(() => shell.text.includes('Error from server (DISK_FULL): the disk'))
    for (const name of acknowledged) expect(await read(name)).toBe(200)
  })

  test('a simulator host that is killed now comes back with all that was acknowledged', async () => {
    process.kill(await world.ground.pidOf('simulator-host'), 'SIGKILL')
    await waitFor(async () => (await read('before')) === 200, 20_000)
    for (const name of acknowledged) expect(await read(name)).toBe(200)
  })

  test('when there is room again, everything goes on by itself, and the verdict that waited is kept', async () => {
    await writeFile(signal(), '')
    await waitFor(() => existsSync(`${signal()}.ended`))
    expect((await task('late')).state).toBe('checking')
    disk.makeRoom()
    await waitFor(async () => (await task('late')).state === 'met', 15_000)
    expect(await create('after')).toBe(201)
    await waitFor(async () => (await world.page.view(session)).state === 'ready', 20_000)
    expect(await world.page.check(session, 'mine')).toMatchObject({ state: 'met', earned: 5 })
    expect((await world.page.view(session)).problem).toBeUndefined()
    expect((await shell.run('cat notes; kubectl get namespace after -o name')).output).toBe('kept\nnamespace/after\n')
  })
})

const read = async (name: string) =>
  (await asLearner(data, session, 'GET', `/api/v1/namespaces/${name}`).catch(() => ({ status: 0 }))).status
const task = async (id: string) => (await world.page.view(session)).tasks.find((one) => one.id === id)!
