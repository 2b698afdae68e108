import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { stringify } from 'yaml'
import { installComponents } from '../mesh/istiod/index.ts'
import type { Run } from './command-line/command.ts'
import { CommandError } from './command-line/io.ts'
import { settingsOf } from './install/settings.ts'

/** `manifest generate`: the objects of an installation as YAML documents, without asking a cluster. */
export const generate: Run = (invocation) => {
  const { io, flags } = invocation
  const components = installComponents(settingsOf(invocation, ''))
  if (components.length === 0)
    return Promise.reject(new CommandError('no manifests were generated: every component is disabled'))
  const folder = flags.text('output')
  for (const { id, objects } of components) {
    const text = objects
      .map((object) => `${stringify(object, { aliasDuplicateObjects: false, lineWidth: 0 })}---\n`)
      .join('')
    if (folder === undefined) io.stdout(text)
    else {
      mkdirSync(path.resolve(io.folder, folder), { recursive: true })
      writeFileSync(path.resolve(io.folder, folder, `${id}.yaml`), text)
    }
  }
  return Promise.resolve(0)
}
