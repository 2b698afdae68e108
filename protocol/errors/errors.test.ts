import { readFile, readdir } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import type { ErrorDefinition } from './error.ts'

const root = path.resolve(import.meta.dirname, '../..')
const registryFiles = (await readdir(import.meta.dirname)).filter(
  (name) => !['error.ts', 'errors.test.ts'].includes(name),
)

const registries = await Promise.all(
  registryFiles.map(async (file) => {
    const module = (await import(path.join(import.meta.dirname, file))) as Record<
      string,
      { registry: Record<string, ErrorDefinition> }
    >
    const [[thrower, { registry }]] = Object.entries(module) as [
      [string, { registry: Record<string, ErrorDefinition> }],
    ]
    return { file, thrower, registry }
  }),
)
const codes = registries.flatMap(({ registry }) => Object.keys(registry))

async function sources(): Promise<string> {
  const texts: string[] = []
  for (const room of ['cli', 'server', 'simulator'])
    for (const entry of await readdir(path.join(root, room), { recursive: true, withFileTypes: true }))
      if (entry.isFile() && /(?<!\.test)\.ts$/.test(entry.name))
        texts.push(await readFile(path.join(entry.parentPath, entry.name), 'utf8'))
  return texts.join('\n')
}

describe('errors that a user can see', () => {
  it('have one code each', () => {
    expect(codes.length).toBe(new Set(codes).size)
  })

  it('are documented, and nothing else is', async () => {
    const text = await readFile(path.join(root, 'docs/errors.md'), 'utf8')
    const documented = [...text.matchAll(/^\| `([A-Z_]+)` +\|/gm)].map(([, code]) => code)
    expect(new Set(documented)).toEqual(new Set(codes))
  })

  it('are thrown somewhere', async () => {
    const text = await sources()
    expect(codes.filter((code) => !text.includes(`'${code}'`))).toEqual([])
  })

  it.each(registries.flatMap(({ registry }) => Object.entries(registry)))(
    '%s is a sentence with a status',
    (_code, { status, sentence }) => {
      expect(sentence).toMatch(/^[A-Z{].*[.)]$/s)
      expect(status).toBeGreaterThanOrEqual(400)
      expect(sentence).not.toContain('!')
    },
  )
})
