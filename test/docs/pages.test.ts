import { existsSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import type { ErrorDefinition } from '../../protocol/errors/error.ts'
import { DEFAULT_PORT } from '../../server/main/config.ts'
import { commandsOf, pages, prose, read, root } from './pages.ts'

describe('links', () => {
  test.each(pages)('of %s lead somewhere', (page) => {
    const links = [...prose(read(page)).matchAll(/\[[^\]]*\]\(([^)\s]+)\)/g)].map(([, target]) => target!)
    const inside = links.filter((target) => !/^[a-z]+:/.test(target))
    expect(inside.filter((target) => !leadsSomewhere(page, target))).toEqual([])
  })
})

function leadsSomewhere(page: string, target: string): boolean {
  const [file = '', anchor] = target.split('#')
  const full = file === '' ? page : path.join(path.dirname(page), file)
  if (!existsSync(path.join(root, full))) return false
  if (anchor === undefined) return true
  const headings = [...read(full).matchAll(/^#+ (.+)$/gm)].map(([, text]) => text!)
  return headings.some((text) => slug(text) === anchor)
}

const slug = (heading: string) =>
  heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s-]/gu, '')
    .replaceAll(' ', '-')

test('files that are named in code spans and lie in this repository are there', () => {
  const missing = pages.flatMap((page) =>
    [...prose(read(page)).matchAll(/`((?:docs|build|server|simulator|protocol|labs|client|test|bench)\/[\w./-]+)`/g)]
      .map(([, file]) => file!)
      .filter((file) => !existsSync(path.join(root, file)))
      .map((file) => `${page}: ${file}`),
  )
  expect(missing).toEqual([])
})

test('every page below docs/ can be reached from README.md', () => {
  const reached = new Set<string>()
  const visit = (page: string): void => {
    if (reached.has(page) || !page.endsWith('.md')) return
    reached.add(page)
    for (const [, target] of prose(read(page)).matchAll(/(?:\]\(|`)([\w./-]+\.md)/g)) {
      for (const file of [path.join(path.dirname(page), target!), path.normalize(target!)])
        if (existsSync(path.join(root, file))) visit(file)
    }
  }
  visit('README.md')
  expect(pages.filter((page) => !reached.has(page))).toEqual([])
})

test('docs/errors.md says the sentences of the registries', async () => {
  const folder = path.join(root, 'protocol/errors')
  const text = read('docs/errors.md')
  for (const name of readdirSync(folder).filter((file) => !['error.ts', 'errors.test.ts'].includes(file))) {
    const module = (await import(path.join(folder, name))) as Record<
      string,
      { registry: Record<string, ErrorDefinition> }
    >
    const [{ registry }] = Object.values(module) as [{ registry: Record<string, ErrorDefinition> }]
    for (const [code, { status, sentence }] of Object.entries(registry)) {
      const row = new RegExp(`^\\| \`${code}\` *\\| ${status} *\\| (.*?) *\\|$`, 'm').exec(text)?.[1]
      expect(row, `${code}: run "node build/errors-doc.mjs" and "npm run format"`).toBe(sentence.replaceAll('|', '\\|'))
    }
  }
})

test('docs/dependencies.md has a row for each dependency of package.json, and no others', () => {
  const { dependencies, devDependencies } = JSON.parse(read('package.json')) as Record<string, Record<string, string>>
  const [, installed, building] = read('docs/dependencies.md').split(/^## /m)
  const rows = (part: string | undefined) => [...(part ?? '').matchAll(/^\| `([^`]+)` /gm)].map(([, name]) => name)
  expect(rows(installed)).toEqual(Object.keys(dependencies!).toSorted())
  expect(rows(building)).toEqual(Object.keys(devDependencies!).toSorted())
})

test('the default port is the one that the documents name', () => {
  expect(read('docs/operators/README.md')).toContain(`(default ${DEFAULT_PORT})`)
})

test('commands are found in blocks, in lines and behind prompts', () => {
  const text = [
    'Run this:',
    '```sh',
    'npm ci   # all of it',
    '# a remark',
    '```',
    '```console',
    '$ npx labwright x',
    'said',
    '```',
    '    npm test',
    '````text',
    '```sh',
    'npm no',
    '```',
    '````',
  ].join('\n')
  expect(commandsOf(text)).toEqual(['npm ci', 'npx labwright x', 'npm test'])
})
