import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { workspacesConform } from '../conformance.ts'
import { createLocalWorkspaces } from '../local/index.ts'
import type { WorkspaceProvider } from '../provider.ts'

const dist = path.resolve(import.meta.dirname, '../../../dist')
const hello = (url: URL) => ({ status: 200, headers: { 'Content-Type': 'text/plain' }, body: url.pathname })

describe.each([['plainly', false] as const, ['in bubblewrap where it works', true] as const])(
  'a machine without curl and jq, shells %s',
  (_, sandbox) => {
    const searchPath = process.env['PATH']
    let folder: string
    let provider: WorkspaceProvider
    beforeAll(async () => {
      folder = await mkdtemp(path.join(os.tmpdir(), 'stand-ins-'))
      // What this machine has is looked for on the PATH: here it has bubblewrap at most.
      const bin = path.join(folder, 'bin')
      await mkdir(bin)
      if (existsSync('/usr/bin/bwrap')) await symlink('/usr/bin/bwrap', path.join(bin, 'bwrap'))
      process.env['PATH'] = bin
      const standIns = { curl: path.join(dist, 'curl.js'), jq: path.join(dist, 'jq.js') }
      provider = await createLocalWorkspaces({
        dataFolder: folder,
        mirrors: { hello },
        visible: [dist],
        standIns,
        sandbox,
      })
      await provider.create({ id: 'first', kubeconfig: '', mirrors: [] })
      process.env['PATH'] = searchPath
    })
    afterAll(async () => {
      process.env['PATH'] = searchPath
      await provider.close()
      await rm(folder, { recursive: true, force: true })
    })

    workspacesConform(() => provider)

    test('runs ours, and says so in a sentence', async () => {
      const { notes } = await provider.create({ id: 'told', kubeconfig: '', mirrors: [] })
      expect(notes).toContainEqual(
        expect.stringMatching(/^This machine has no curl and no jq, so programs of Labwright stand in/),
      )
      const script = `curl --version; echo '{"a":[1,2]}' | jq -c '.a | map(. + 1)'`
      const { output } = await provider.run('told', script, { timeoutMilliseconds: 20_000 })
      expect(output).toMatch(/^curl stand-in of Labwright [^]*\n\[2,3\]\n$/)
    })

    test('a mirrored script can be piped into a shell', async () => {
      const mirrors = [{ url: 'https://mirror.test/echo', mirror: 'hello' }]
      await provider.create({ id: 'piped', kubeconfig: '', mirrors })
      const script = 'curl -L https://mirror.test/echo | sed s,/,,'
      const { output } = await provider.run('piped', script, { timeoutMilliseconds: 20_000 })
      expect(output).toMatch(/% Total[^]*echo$/)
    })
  },
)
