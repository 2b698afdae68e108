import { readdir } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import path from 'node:path'
import { labError } from '../../protocol/errors/lab.ts'
import type { Lab } from '../../protocol/lab.ts'
import { loadNativeLab } from './native/load.ts'

/**
 * Loads the lab in `folder`.
 * @throws a `labError`: LAB_NOT_FOUND when there is no lab.yaml, else what is wrong with it and where
 */
export async function loadLab(folder: string): Promise<Lab> {
  if (!existsSync(path.join(folder, 'lab.yaml')))
    throw labError('LAB_NOT_FOUND', { lab: path.basename(folder), folder: path.dirname(path.resolve(folder)) })
  return loadNativeLab(folder)
}

/** A lab, or why it could not be loaded: one bad lab does not hide the others. */
export type ListedLab = { ok: true; lab: Lab } | { ok: false; id: string; error: Error }

/** Every lab below `folder`, by name. */
export async function listLabs(folder: string): Promise<ListedLab[]> {
  const entries = await readdir(folder, { withFileTypes: true })
  const names = entries.filter((entry) => entry.isDirectory() && existsSync(path.join(folder, entry.name, 'lab.yaml')))
  return Promise.all(
    names
      .map((entry) => entry.name)
      .toSorted()
      .map(async (id): Promise<ListedLab> => {
        try {
          return { ok: true, lab: await loadLab(path.join(folder, id)) }
        } catch (error) {
          return { ok: false, id, error: error as Error }
        }
      }),
  )
}
