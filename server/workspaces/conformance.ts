import { expect, test } from 'vitest'
import type { WorkspaceProvider } from './provider.ts'

const limit = { timeoutMilliseconds: 20_000 }

/** What every provider of workspaces owes; `make` gives one whose mirror named `hello` answers every URL with its path. */
export function workspacesConform(make: () => WorkspaceProvider): void {
  const create = (id: string) =>
    make().create({
      id,
      kubeconfig: 'apiVersion: v1\nkind: Config\n',
      mirrors: [{ url: 'https://mirror.test/hello', mirror: 'hello' }],
    })
  const run = async (id: string, script: string) => {
    const result = await make().run(id, script, limit)
    return result.output.trim()
  }

  test('a home of its own, with the credentials in it', async () => {
    await create('one')
    await create('two')
    expect(await run('one', 'echo hi > file; cat ~/file; echo $USER; cat "$KUBECONFIG" | head -1')).toBe(
      'hi\nlearner\napiVersion: v1',
    )
    expect(await run('two', 'ls')).toBe('')
  })

  test('many can be made at the same time', async () => {
    const ids = Array.from({ length: 20 }, (_, number) => `crowd-${number}`)
    await Promise.all(ids.map((id) => create(id)))
    expect(await Promise.all(ids.slice(0, 3).map((id) => run(id, 'command -v curl >/dev/null; echo $?')))).toEqual([
      '0',
      '0',
      '0',
    ])
  })

  test('files stay when the workspace is taken up again, and go with it', async () => {
    await create('kept')
    await run('kept', 'echo hi > file')
    await create('kept')
    expect(await run('kept', 'cat file')).toBe('hi')
    await make().delete('kept')
    expect(() => make().shell('kept')).toThrow('not there yet')
    await create('kept')
    expect(await run('kept', 'ls')).toBe('')
  })

  test("credentials are the learner's to change, and are written again when they are new or gone", async () => {
    const config = async (text: string) => {
      await make().create({ id: 'config', kubeconfig: text, mirrors: [] })
      return run('config', 'cat ~/.kube/config')
    }
    await config('first\n')
    await run('config', 'echo namespace: mine >> ~/.kube/config')
    expect(await config('first\n')).toBe('first\nnamespace: mine')
    expect(await config('second\n')).toBe('second')
    await run('config', 'rm ~/.kube/config')
    expect(await config('second\n')).toBe('second')
  })

  test('credentials are never written through a link', async () => {
    await create('linked')
    await run('linked', 'echo mine > ~/target; rm -r ~/.kube; ln -s . ~/.kube; ln -s target ~/config')
    const { notes } = await make().create({ id: 'linked', kubeconfig: 'new\n', mirrors: [] })
    expect(notes.join()).toContain('Remove the link')
    expect(await run('linked', 'cat ~/target')).toBe('mine')
  })

  test('a file of the lesson is written below the home, and only there', async () => {
    await create('files')
    expect(await make().writeFile('files', 'a/strict.yaml', 'x: 1\n')).toBe('~/a/strict.yaml')
    expect(await run('files', 'cat ~/a/strict.yaml')).toBe('x: 1')
    await run('files', 'ln -s /tmp out; ln -s /etc/passwd name; mkfifo pipe; mkdir folder')
    for (const path of ['../x', '/etc/passwd', 'out/x', 'out/new/x', 'name', 'pipe', 'a/../../x', '..', '.', ''])
      await expect(make().writeFile('files', path, 'x'), path).rejects.toMatchObject({ code: 'FILE_OUTSIDE_HOME' })
  })

  test('nothing of the server is in its environment', async () => {
    process.env['LABWRIGHT_TEST_SECRET'] = 'hunter2'
    await create('environment')
    expect(await run('environment', 'env')).not.toContain('hunter2')
    delete process.env['LABWRIGHT_TEST_SECRET']
  })

  test('a script has its exit code, and its deadline', async () => {
    await create('runs')
    expect(await make().run('runs', 'echo out; echo err >&2; exit 3', limit)).toEqual({
      exitCode: 3,
      output: 'out\nerr\n',
      timedOut: false,
    })
    expect(await make().run('runs', 'sleep 60', { timeoutMilliseconds: 200 })).toMatchObject({ timedOut: true })
  })

  test('an ordinary curl gets what the lab mirrors, and its ordinary error for the rest', async () => {
    await create('downloads')
    expect(await run('downloads', 'curl -sSL https://mirror.test/hello')).toBe('/hello')
    expect(await run('downloads', 'curl -sS https://nowhere.invalid/ ; echo $?')).toMatch(
      /CONNECT tunnel failed[^]*56$/,
    )
  })
}
