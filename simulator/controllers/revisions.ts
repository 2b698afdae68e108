import { type Api, type KubeObject } from '../kubernetes/index.ts'
import { manager } from './controller.ts'
import { controlledBy } from './owned.ts'
import { templateHash } from './replica-sets-of.ts'

const resource = 'controllerrevisions.apps'

/** Revisions of a StatefulSet or DaemonSet, oldest first; the last is of the present template. */
export async function syncRevisions(api: Api, owner: KubeObject): Promise<{ update: KubeObject; all: KubeObject[] }> {
  const { namespace = '', name, uid } = owner.metadata
  const all = api
    .list(resource, { namespace })
    .filter((revision) => revision.metadata.ownerReferences?.some((reference) => reference.uid === uid))
    .toSorted((a, b) => a.revision - b.revision)
  const hash = templateHash(owner.spec.template)
  const found = all.find(({ metadata }) => metadata.labels?.['controller-revision-hash']?.endsWith(hash))
  const next = (all.at(-1)?.revision ?? 0) + 1
  if (found !== undefined) {
    if (found === all.at(-1)) return { update: found, all }
    // A template that comes back takes the newest number (an undo).
    const renewed = await api.mutate(
      resource,
      namespace,
      found.metadata.name,
      (revision) => void (revision.revision = next),
      { manager },
    )
    return { update: renewed ?? found, all: [...all.filter((other) => other !== found), renewed ?? found] }
  }
  const isStateful = owner.kind === 'StatefulSet'
  const update = await api.create(
    {
      apiVersion: 'apps/v1',
      kind: 'ControllerRevision',
      metadata: {
        name: `${name}-${hash}`,
        namespace,
        // A StatefulSet's label is the revision's whole name, a DaemonSet's the hash alone.
        labels: {
          ...owner.spec.template.metadata?.labels,
          'controller-revision-hash': isStateful ? `${name}-${hash}` : hash,
        },
        ownerReferences: [controlledBy(owner)],
      },
      data: { spec: { template: { ...owner.spec.template, $patch: 'replace' } } },
      revision: next,
    },
    { manager },
  )
  return { update, all: [...all, update] }
}

/** Deletes the oldest revisions that no pod has and that the history limit does not keep. */
export async function trimRevisions(
  api: Api,
  owner: KubeObject,
  revisions: readonly KubeObject[],
  live: ReadonlySet<string | undefined>,
): Promise<void> {
  const limit: number = owner.spec.revisionHistoryLimit ?? 10
  const idle = revisions.filter(({ metadata }) => !live.has(hashOf(metadata.labels)))
  for (const { metadata } of idle.slice(0, Math.max(0, idle.length - limit))) {
    await api.delete(resource, metadata.namespace, metadata.name, { manager })
  }
}

export const hashOf = (labels: Record<string, string> | undefined): string | undefined =>
  labels?.['controller-revision-hash']
