import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'

export const root = path.resolve(import.meta.dirname, '../..')

/** The pages that users and contributors read, relative to the repository: README, CONTRIBUTING, SECURITY, docs/. */
export const pages: string[] = [
  'README.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  'CHANGELOG.md',
  ...readdirSync(path.join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.md'))
    .map((file) => path.join('docs', file))
    .sort(),
]

export const read = (page: string): string => readFileSync(path.join(root, page), 'utf8')

interface Block {
  language: string
  lines: string[]
}

/** Fenced code of a page. A longer fence holds shorter ones as text. */
export function fencedBlocks(text: string): Block[] {
  const blocks: Block[] = []
  let open: { fence: string; block: Block } | undefined
  for (const line of text.split('\n')) {
    const [, fence, language = ''] = /^\s*(`{3,})(\S*)\s*$/.exec(line) ?? []
    if (open === undefined && fence !== undefined) open = { fence, block: { language, lines: [] } }
    else if (open !== undefined && language === '' && (fence?.length ?? 0) >= open.fence.length) {
      blocks.push(open.block)
      open = undefined
    } else open?.block.lines.push(line)
  }
  return blocks
}

/** The text of a page without its fenced code. */
export function prose(text: string): string {
  let result = text
  for (const { lines } of fencedBlocks(text)) result = result.replace(lines.join('\n'), '')
  return result
}

/** Every command that a page tells its reader to run: shell blocks, and lines that begin with npm or npx. */
export function commandsOf(text: string): string[] {
  const shell = fencedBlocks(text)
    .filter(({ language }) => ['sh', 'bash', 'shell', 'console'].includes(language))
    .flatMap(({ language, lines }) =>
      language === 'console' ? lines.filter((line) => line.startsWith('$ ')).map((line) => line.slice(2)) : lines,
    )
  const lines = prose(text)
    .split('\n')
    .filter((line) => /^\s*(npx labwright|npm)\s/.test(line))
  return [...shell, ...lines].map((line) => line.replace(/\s+#.*$|^#.*$/, '').trim()).filter((line) => line !== '')
}
