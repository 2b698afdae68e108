import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { LearnerShell } from '../support/learner-shell.ts'
import { notTried } from '../support/sandbox.ts'
import { waitFor } from '../support/waiting.ts'
import { startWorld } from '../support/world.ts'
import { SmallDisk } from './support/disk.ts'
import { makeNamespace } from './support/kubernetes.ts'
import { makeGround, Serve, TINY } from './support/serve.ts'

let open: AsyncDisposable[]
beforeEach(() => {
  open = []
})
afterEach(async () => {
  for (const one of open.reverse()) await one[Symbol.asyncDispose]()
})

const whyNot = await SmallDisk.whyNot()
describe.runIf(whyNot === undefined)(`a read-only home${notTried(whyNot)}`, () => {
  test('an operator whose home is read-only reads one sentence, and another data folder works', async () => {
    const ground = await makeGround()
    const home = path.join(ground.folder, 'home')
    await mkdir(home)
    const disk = await SmallDisk.mount(home, 'size=1m,ro')
    open.push({ [Symbol.asyncDispose]: () => ground.remove(() => disk[Symbol.asyncDispose]()) })
    const labs = path.join(ground.folder, 'labs')
    const inside = { inside: disk.inside }
    const refused = new Serve(['--port', '0', '--labs', labs], { HOME: home }, inside)
    expect(await refused.ended()).toBe(1)
    expect(refused.errors).toMatch(
      /^labwright: Labwright cannot write in its data folder \S+\/\.labwright: the file system is read-only\. [^\n]*--data DIR[^\n]* \[DATA_FOLDER_UNUSABLE\]\n$/,
    )
    const server = new Serve(ground.args, { HOME: home }, inside)
    open.push({ [Symbol.asyncDispose]: async () => void (await server.stop('SIGKILL')) })
    expect(String(await server.link())).toContain('#code=')
  })

  test('a learner whose home is read-only is told so by page and shell, is checked all the same, and goes on later', async () => {
    let disk!: SmallDisk
    const world = await startWorld({
      labs: { files: { ...TINY, 'one.md': `${TINY['one.md']}\n\`\`\`yaml\nkind: List\n\`\`\`{{save list.yaml}}\n` } },
      place: async ({ data }) => (disk = await SmallDisk.mount(data, 'size=24m,mode=700')),
    })
    open.push(world)
    const { session } = await world.enter('files')
    const { files } = await world.page.ask<{ files: { id: string }[] }>('GET', `/api/sessions/${session}/steps/one`)
    const save = () => world.page.answer('POST', `/api/sessions/${session}/files`, { step: 'one', file: files[0]!.id })
    const home = path.join(world.ground.data, 'workspaces', session, 'home')
    await disk.run('mount', '--bind', home, home)
    await disk.run('mount', '-o', 'remount,bind,ro', home)

    const { status, text } = await save()
    expect([status, JSON.parse(text)]).toEqual([
      507,
      {
        code: 'WORKSPACE_NOT_WRITABLE',
        sentence: expect.stringMatching(
          /^The file ~\/list\.yaml could not be written \(it is read-only\)\. .*try again\.$/,
        ),
      },
    ])
    const shell = await LearnerShell.open(world.page, world.home(session), 'read-only')
    shell.type('echo lost >lost; echo alive-$((1 + 1))\r')
    await waitFor(() => shell.text.includes('Read-only file system') && shell.text.includes('alive-2'))
    await makeNamespace(disk.seen(world.ground.data), session, 'mine')
    expect(await world.page.check(session, 'mine')).toMatchObject({ state: 'met', earned: 5 })

    await disk.run('mount', '-o', 'remount,bind,rw', home)
    expect((await save()).status).toBe(200)
  })
})
