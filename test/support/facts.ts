import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import type { KubeObject } from '../../simulator/kubernetes/index.ts'

const root = path.dirname(path.dirname(path.dirname(fileURLToPath(import.meta.url))))

/** A file of the recordings beside the checkout (`kubernetes-1.34/errors.json`), parsed. Fails plainly when they are not there. */
export function readFacts(file: string): KubeObject[string] {
  const full = path.join(root, '..', 'shared', 'facts', file)
  if (!existsSync(full))
    throw new Error(`The recorded facts are not there: ${file} is expected in ../shared/facts beside the checkout.`)
  return JSON.parse(readFileSync(full, 'utf8'))
}
