import { accessSync, constants } from 'node:fs'
import path from 'node:path'

/** The file that a shell of this process would run for a name; undefined when the PATH has none. */
export function programOnPath(name: string): string | undefined {
  for (const folder of (process.env['PATH'] ?? '').split(path.delimiter)) {
    const file = path.join(folder, name)
    try {
      accessSync(file, constants.X_OK)
      return file
    } catch {
      // Not in this folder.
    }
  }
  return undefined
}

/** The text of a program in sh that runs a program of ours with this Node. */
export function scriptFor(program: string, node: string): string {
  const quote = (word: string) => `'${word.replaceAll("'", String.raw`'\''`)}'`
  return `#!/bin/sh\nexec ${quote(node)} ${quote(program)} "$@"\n`
}
