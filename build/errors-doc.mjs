// Writes docs/errors.md from the registries under protocol/errors/: run it after a code was added (`node build/errors-doc.mjs`, Node 24).
import { readdir, writeFile } from 'node:fs/promises'

const folder = new URL('../protocol/errors/', import.meta.url)
const names = (await readdir(folder)).filter((name) => !['error.ts', 'errors.test.ts'].includes(name)).sort()
let text =
  '# Errors\n\nEvery error has a code that stays, and a sentence: what happened, why, what to do. Words in braces are filled in.\n'
for (const name of names) {
  const module = await import(new URL(name, folder).href)
  const [{ registry }] = Object.values(module)
  text += `\n## ${name.replace('.ts', '')}\n\n| code | status | sentence |\n| --- | --- | --- |\n`
  for (const [code, { status, sentence }] of Object.entries(registry))
    text += `| \`${code}\` | ${status} | ${sentence.replaceAll('|', '\\|')} |\n`
}
await writeFile(new URL('../docs/errors.md', import.meta.url), text)
