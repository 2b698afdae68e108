import { existsSync } from 'node:fs'
import path from 'node:path'
import { labError } from '../../protocol/errors/lab.ts'
import type { Lab } from '../../protocol/lab.ts'
import { loadNativeLab } from './native/load.ts'

export { imagesOfLab, labFolders, withTag } from './images.ts'

/**
 * Loads the lab in `folder`.
 * @throws a `labError`: LAB_NOT_FOUND when there is no lab.yaml, else what is wrong with it and where
 */
export async function loadLab(folder: string): Promise<Lab> {
  if (!existsSync(path.join(folder, 'lab.yaml')))
    throw labError('LAB_NOT_FOUND', { lab: path.basename(folder), folder: path.dirname(path.resolve(folder)) })
  return loadNativeLab(folder)
}
