// The declarations of `labwright/simulator`: what its index needs, and no more.
import { execFileSync } from 'node:child_process'
import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'

/** Writes dist/types. */
export async function emitTypes(root) {
  const folder = path.join(root, 'dist/types')
  const compiler = path.join(root, 'node_modules/typescript/bin/tsc')
  execFileSync(process.execPath, [compiler, '-p', path.join(root, 'build/types.tsconfig.json')], { stdio: 'inherit' })
  const index = path.join(folder, 'simulator/index.d.ts')
  // Handles are Disposable, which programs for older targets do not know yet.
  await writeFile(index, `/// <reference lib="esnext.disposable" />\n${await readFile(index, 'utf8')}`)
  const needed = await reachable(index)
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const file = path.join(entry.parentPath, entry.name)
    if (entry.isFile() && !needed.has(file)) await rm(file)
  }
}

/** A declaration file and all that it imports, by relative paths. */
async function reachable(file, seen = new Set()) {
  if (seen.has(file)) return seen
  seen.add(file)
  const text = await readFile(file, 'utf8')
  for (const [, name] of text.matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)\.ts'/g))
    await reachable(path.resolve(path.dirname(file), `${name}.d.ts`), seen)
  return seen
}
