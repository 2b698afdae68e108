import type { Command, Run } from './command-line/command.ts'
import { CommandError } from './command-line/io.ts'

/** Commands of the real istioctl that have nothing to act on here. */
const refusals: readonly [name: string, aliases: string[], summary: string, reason: string][] = [
  ['admin', ['istiod'], 'Manage the control plane.', 'has no log scopes of istiod to manage'],
  ['bug-report', [], 'Collect cluster information and logs.', 'writes no bug reports'],
  ['completion', [], 'Generate the autocompletion script.', 'has no completion scripts'],
  [
    'create-remote-secret',
    [],
    'Create a secret for a remote cluster.',
    'knows one cluster only and makes no remote secrets',
  ],
  ['dashboard', ['dash', 'd'], 'Access to Istio web UIs.', 'has no dashboards to open'],
  ['remote-clusters', [], 'List the remote clusters of each istiod.', 'knows one cluster only'],
  ['waypoint', [], 'Manage waypoint configuration.', 'has no ambient mode and so no waypoints'],
  ['ztunnel-config', ['zc'], 'Show the configuration of ztunnel.', 'has no ambient mode and so no ztunnel'],
]

/** Each says in one sentence what it is missing. */
export const refusedCommands: readonly Command[] = refusals.map(([name, aliases, summary, reason]) => ({
  name,
  aliases,
  summary,
  hidden: true,
  flags: [
    { name: 'browser', kind: 'boolean', help: '', hidden: true },
    { name: 'all-namespaces', short: 'A', kind: 'boolean', help: '', hidden: true },
  ],
  load: () => Promise.resolve(refuse(reason)),
}))

function refuse(reason: string): Run {
  return () => Promise.reject(new CommandError(`the practice build of istioctl ${reason}`))
}
