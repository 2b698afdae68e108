import { symlink, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { rawRequest } from '../support/raw-request.ts'
import { startWorld, type World } from '../support/world.ts'
import { TINY } from '../faults/support/serve.ts'

/** Threat 13: paths that lead out of a lab's assets. */
const SECRET = 'outside-91b0'
let world: World
let session: string
beforeAll(async () => {
  world = await startWorld({
    labs: { pictures: { ...TINY, 'assets/sub/map.svg': '<svg/>', 'assets-evil/x.svg': SECRET, 'secret.txt': SECRET } },
  })
  const lab = path.join(world.ground.folder, 'labs/pictures')
  await writeFile(path.join(world.ground.folder, 'beside.txt'), SECRET)
  await symlink(path.join(world.ground.folder, 'beside.txt'), path.join(lab, 'assets/link.txt'))
  await symlink('..', path.join(lab, 'assets/up'))
  session = (await world.page.startSession('pictures')).id
})
afterAll(() => world[Symbol.asyncDispose]())

const asset = (name: string) => rawRequest(world.page, `/api/sessions/${session}/assets/${name}`)

test('an asset is served, of this lab and of nobody who is not logged in', async () => {
  expect(await asset('sub/map.svg')).toMatchObject({ status: 200, body: '<svg/>' })
})

test.each([
  '../lab.yaml',
  '..%2flab.yaml',
  '%2e%2e/lab.yaml',
  '%2e%2e%2flab.yaml',
  '%252e%252e%252flab.yaml',
  'sub/../../secret.txt',
  'sub/..%2f..%2fsecret.txt',
  '..\\lab.yaml',
  '..%5clab.yaml',
  'sub%5c..%5c..%5csecret.txt',
  '../assets-evil/x.svg',
  '..%2fassets-evil%2fx.svg',
  '/etc/passwd',
  '%2fetc%2fpasswd',
  'sub/map.svg%00.txt',
  '%00',
  '../lab.yaml%00map.svg',
  'link.txt',
  'up/secret.txt',
  'up/lab.yaml',
  '.',
  '..',
  'sub',
  '%c0%ae%c0%ae/lab.yaml',
  '....//lab.yaml',
  '.hidden',
  `${'a/'.repeat(2000)}x`,
  'x'.repeat(5000),
])('%s is not there', async (name) => {
  const { status, body } = await asset(name)
  expect([404, 400, 414, 431]).toContain(status)
  expect(body).not.toMatch(new RegExp(`${SECRET}|title: Tiny|root:x`))
})

test.each([
  '/../package.json',
  '/..%2f..%2fpackage.json',
  '/assets/..%2f..%2flabwright.js',
  '/%2e%2e/labwright.js',
  '/.env',
])('the pages serve nothing at %s', async (url) => {
  const { status, body } = await rawRequest(world.page, url)
  expect([url, status]).toEqual([url, 404])
  expect(body).toContain('NOT_FOUND')
})
