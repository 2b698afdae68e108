import type { Run } from '../command-line/command.ts'
import { CommandError } from '../command-line/io.ts'
import { withClient } from '../kube/connect.ts'
import { confirmed } from './confirm.ts'
import { ownedObjects, removalName } from './owned.ts'
import { settingsOf } from './settings.ts'

export const uninstall: Run = async (invocation) => {
  const { io, flags } = invocation
  const purge = flags.boolean('purge')
  const named = flags.text('revision') ?? revisionOfSet(flags.list('set'))
  const fromFile = flags.list('filename').length > 0 ? settingsOf(invocation, '').revision : undefined
  const revision = named ?? (fromFile === '' ? 'default' : fromFile)
  if (!purge && revision === undefined) {
    throw new CommandError(
      'at least one of the --revision (or --set revision=<revision>), --filename or --purge flags must be set',
    )
  }
  return withClient(invocation, async (client) => {
    const owner = 'operator.istio.io/component'
    // Pods and what all revisions share go with the whole of Istio only.
    const labels = purge ? owner : `istio.io/rev=${revision ?? ''},${owner},operator.istio.io/managed=Reconcile`
    const found = await ownedObjects(client, labels, { crds: purge })
    const objects = purge ? found : found.filter((object) => object.metadata.labels?.[owner] !== 'Base')
    if (!purge && objects.length === 0) throw new CommandError('could not find target revision')
    if (purge) io.stdout('All Istio resources will be pruned from the cluster\n')
    const dryRun = flags.boolean('dry-run')
    const agreed = flags.boolean('skip-confirmation') || (await confirmed(io, 'Proceed? (y/N) '))
    if (!agreed) {
      io.stderr('Cancelled.\n')
      return 1
    }
    io.stdout('\n')
    for (const object of objects) {
      const name = removalName(object)
      if (dryRun) io.stdout(`Not pruning object ${name} because of dry run.\n`)
      else if (await client.delete(object)) io.stdout(`  Removed ${name}.\n`)
      else io.stdout(`object: ${name} is not being deleted because it no longer exists\n`)
    }
    io.stderr(`\n✔ Uninstall complete${io.terminal ? '\n' : ''}`)
    return 0
  })
}

function revisionOfSet(assignments: readonly string[]): string | undefined {
  return assignments.find((assignment) => assignment.startsWith('revision='))?.slice('revision='.length)
}
