import * as v from 'valibot'
import { met, unmet, type Answer, type CheckContext, type Verifier } from '../context.ts'
import { parametersOf } from '../parameters.ts'

const parameters = parametersOf(
  v.strictObject({
    namespaces: v.pipe(v.array(v.string()), v.minLength(1)),
    /** Namespaces that must stand: an empty cluster was never cleaned up, and what is being deleted does not stand. */
    kept: v.pipe(v.array(v.string()), v.minLength(1)),
  }),
)

type Parameters = ReturnType<typeof parameters>

export const namespacesDeleted: Verifier<Parameters> = {
  name: 'kubernetes/namespaces-deleted',
  proves: 'Namespaces are gone with all that was in them, and what should stay is still there.',
  parameters,
  verify: (context, given) => context.eventually(() => attempt(context, given)),
}

async function attempt({ kubernetes, report }: CheckContext, { namespaces, kept }: Parameters): Promise<Answer> {
  const there = await kubernetes.list({ apiVersion: 'v1', plural: 'namespaces' })
  const left = there.filter(({ metadata }) => namespaces.includes(metadata.name))
  const standing = there.filter(({ metadata }) => metadata.deletionTimestamp === undefined)
  const missing = kept.filter((name) => !standing.some(({ metadata }) => metadata.name === name))
  for (const name of namespaces) {
    const one = left.find(({ metadata }) => metadata.name === name)
    const seen = one === undefined ? 'gone' : one.metadata.deletionTimestamp === undefined ? 'there' : 'terminating'
    report({ kind: 'object', object: `namespace ${name}`, seen, wanted: 'gone', good: one === undefined })
  }
  for (const name of kept)
    report({
      kind: 'object',
      object: `namespace ${name}`,
      seen: missing.includes(name) ? 'missing or being deleted' : 'there',
      wanted: 'there',
      good: !missing.includes(name),
    })
  if (missing.length > 0)
    return unmet(
      'kept-missing',
      `${missing.join(' and ')} should be in the cluster at this point, and ${missing.length === 1 ? 'is' : 'are'} not.`,
    )
  if (left.length > 0) {
    const terminating = left.every(({ metadata }) => metadata.deletionTimestamp !== undefined)
    const names = left.map(({ metadata }) => metadata.name).join(' and ')
    return unmet(
      'still-there',
      terminating ? `${names}: being deleted; that takes a moment.` : `${names}: still in the cluster.`,
    )
  }
  return met('deleted', `${namespaces.join(' and ')}: gone, and the rest stands.`)
}
