import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import os from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { istioMirror } from './istio.ts'

const run = promisify(execFile)
let folder: string
let server: Server
let origin: string
let mirrorOf: ReturnType<typeof istioMirror>

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "labwright it's-"))
  const istioctl = path.join(folder, 'istioctl.mjs')
  await writeFile(istioctl, 'console.log("practice", ...process.argv.slice(2))')
  await mkdir(path.join(folder, 'mirrors'))
  await writeFile(path.join(folder, 'mirrors', 'istio-1.30.2-linux-amd64.tar.gz'), 'the real one')
  mirrorOf = istioMirror({ istioctl, node: process.execPath, releases: path.join(folder, 'mirrors') })
  server = createServer((request, response) => {
    void Promise.resolve(mirrorOf(new URL(request.url!, 'https://istio.io'))).then(({ status, headers, body }) =>
      response.writeHead(status, headers).end(body),
    )
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  origin = `http://127.0.0.1:${(server.address() as { port: number }).port}`
})
afterAll(async () => {
  server.close()
  await rm(folder, { recursive: true })
})

const get = (url: string) => fetch(origin + url)
/** The script as a learner pipes it into sh, with the site's name replaced by ours. */
async function download(environment: Record<string, string> = {}) {
  const here = await mkdtemp(path.join(folder, 'home-'))
  const script = (await (await get('/downloadIstio')).text()).replaceAll('https://istio.io', origin)
  const env = { PATH: process.env['PATH']!, ...environment }
  const result = await run('sh', ['-c', script], { cwd: here, env }).catch((error: { stderr: string }) => error)
  return { here, ...result }
}

test('the script leaves a release folder whose istioctl runs', async () => {
  const { here } = await download()
  expect(await readdir(here)).toEqual(['istio-1.31.0'])
  const { stdout } = await run(path.join(here, 'istio-1.31.0', 'bin', 'istioctl'), ['version', '--remote=false'])
  expect(stdout).toBe('practice version --remote=false\n')
})

test('a version that is not here is a sentence', async () => {
  expect((await download({ ISTIO_VERSION: '9.9.9' })).stderr).toContain('Istio 9.9.9 could not be downloaded')
})

test("an operator's own archive is handed out as it is", async () => {
  expect(await (await get('/downloadIstio/istio-1.30.2-linux-amd64.tar.gz')).text()).toBe('the real one')
})

test.each(['/downloadIstio/other', '/downloadIstio/../secret', '/downloadIstio/istio-..%2f..%2fx.tar.gz'])(
  '%s is not there',
  async (url) => {
    expect((await get(url)).status).toBe(404)
  },
)

test('where the operator has an istioctl, the release holds that one, whatever its version is', async () => {
  const own = path.join(folder, 'own')
  const script = `#!/bin/sh\n[ "$1" = version ] && echo '{"clientVersion":{"version":"1.32.1"}}' && exit\necho "real $*"\n`
  await writeFile(own, script, { mode: 0o755 })
  const mirror = istioMirror({ istioctl: '/nowhere', node: process.execPath, own })
  const before = mirrorOf
  mirrorOf = mirror
  try {
    const { here } = await download()
    expect(await readdir(here)).toEqual(['istio-1.32.1'])
    const { stdout } = await run(path.join(here, 'istio-1.32.1', 'bin', 'istioctl'), ['install', '-y'])
    expect(stdout).toBe('real install -y\n')
  } finally {
    mirrorOf = before
  }
})
