import type { IFileSystem } from 'just-bash'
import { loadBash } from './files.ts'

/** The files of a volume that several containers mount and write to: an emptyDir, a claim. Takes nothing until the first of them looks into it. */
export class SharedDirectory {
  #fs: Promise<IFileSystem> | undefined

  open(): Promise<IFileSystem> {
    this.#fs ??= loadBash().then(({ InMemoryFs }) => new InMemoryFs())
    return this.#fs
  }
}

/** A shared directory in a container's own files. */
export interface Mount {
  /** Absolute, without a slash at its end. */
  path: string
  directory: SharedDirectory
}

export function isInside(path: string, { path: mountPath }: Mount): boolean {
  return path === mountPath || path.startsWith(`${mountPath}/`)
}
