import type { Pod } from './pod.ts'

interface PatchOperation {
  op: 'add' | 'replace' | 'remove'
  path: string
  value?: unknown
}

/** RFC 6902 operations that turn one pod into the other, a field of metadata or spec each. */
export function podPatch(before: Pod, after: Pod): PatchOperation[] {
  return [...fieldPatch('/metadata', before.metadata, after.metadata), ...fieldPatch('/spec', before.spec, after.spec)]
}

function fieldPatch(path: string, before: Record<string, unknown>, after: Record<string, unknown>): PatchOperation[] {
  const operations: PatchOperation[] = []
  for (const [field, value] of Object.entries(after)) {
    if (JSON.stringify(before[field]) === JSON.stringify(value)) continue
    operations.push({ op: before[field] === undefined ? 'add' : 'replace', path: `${path}/${field}`, value })
  }
  for (const field of Object.keys(before))
    if (after[field] === undefined) operations.push({ op: 'remove', path: `${path}/${field}` })
  return operations
}
