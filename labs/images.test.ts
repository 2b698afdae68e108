import { readdir } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { loadLab } from '../server/lessons/index.ts'

const entries = await readdir(import.meta.dirname, { withFileTypes: true })
const labs = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name)

interface Container {
  name: string
  image: string
  imagePullPolicy?: string
}

/** Every container of the manifests that a lesson gives. */
async function containersOf(lab: string): Promise<Container[]> {
  const { steps } = await loadLab(path.join(import.meta.dirname, lab))
  const manifests = steps.flatMap(({ files }) => files).filter((file) => file.path.endsWith('.yaml'))
  return manifests.flatMap(({ text }) => parseAllDocuments(text)).flatMap((document) => [...within(document.toJS())])
}

function* within(value: unknown): Generator<Container> {
  if (typeof value !== 'object' || value === null) return
  if ('image' in value && typeof value.image === 'string') yield value as Container
  for (const part of Object.values(value)) yield* within(part)
}

describe('a real node takes the images of a lab that it has, and asks no registry', () => {
  it.each(labs)('%s', async (lab) => {
    // Kubernetes always pulls what has no tag or the tag `latest`, unless it is told otherwise.
    const pulled = (await containersOf(lab)).filter(
      ({ image, imagePullPolicy = /:(?!latest$)[^/]+$/.test(image) ? 'IfNotPresent' : 'Always' }) =>
        imagePullPolicy === 'Always',
    )
    expect(pulled).toEqual([])
  })
})
