import { readFileSync } from 'node:fs'
import path from 'node:path'
import {
  installSettings,
  InstallSettingsError,
  operatorSpec,
  type InstallSettings,
  type Tree,
} from '../../mesh/istiod/index.ts'
import type { Invocation } from '../command-line/command.ts'
import { CommandError } from '../command-line/io.ts'

/** What the flags ask for. `prefix` stands before refusals (`generate config: `). */
export function settingsOf({ flags, io }: Invocation, prefix: string): InstallSettings {
  if (flags.given('manifests'))
    throw new CommandError('the practice build has no charts to read: leave out --manifests')
  try {
    const files = flags.list('filename').map((file): Tree => operatorSpec(read(path.resolve(io.folder, file), file)))
    const revision = flags.text('revision')
    return installSettings({ files, set: flags.list('set'), ...(revision === undefined ? {} : { revision }) })
  } catch (error) {
    if (error instanceof InstallSettingsError) throw new CommandError(`${prefix}${error.message}`, 1, error)
    throw error
  }
}

function read(full: string, shown: string): string {
  try {
    return readFileSync(full, 'utf8')
  } catch (error) {
    throw new InstallSettingsError(`merge inputs: open ${shown}: no such file or directory`, { cause: error })
  }
}
