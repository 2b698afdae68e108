import type { Command } from './command-line/command.ts'
import type { FlagSpec } from './command-line/flags.ts'
import { settingsFlags } from './install/settings-flags.ts'
import { refusedCommands } from './refused.ts'

const output: FlagSpec = { name: 'output', short: 'o', kind: 'text', help: "Output format: 'json' or 'yaml'" }
const skip: FlagSpec = { name: 'skip-confirmation', short: 'y', kind: 'boolean', help: 'Do not ask' }
const dryRun: FlagSpec = { name: 'dry-run', kind: 'boolean', help: 'Say what would be done, without doing it' }
const revision: FlagSpec = { name: 'revision', short: 'r', kind: 'text', help: 'Control plane revision' }
const xds: readonly FlagSpec[] = [
  { name: 'xds-address', kind: 'text', help: 'Address of istiod (accepted, without effect)', hidden: true },
  { name: 'timeout', kind: 'duration', initial: '30s', help: 'How long to wait', hidden: true },
]

const installCommand: Command = {
  name: 'install',
  aliases: ['apply'],
  summary: 'Install or reconfigure Istio on a cluster.',
  mostArguments: 0,
  flags: [
    ...settingsFlags,
    skip,
    dryRun,
    { name: 'readiness-timeout', kind: 'duration', initial: '5m0s', help: 'How long to wait for each component' },
    { name: 'verify', kind: 'boolean', help: 'Verify the installation afterwards (accepted, without effect)' },
  ],
  load: async () => (await import('./install/install.ts')).install,
}

const versionCommand: Command = {
  name: 'version',
  summary: 'Print out build version information.',
  flags: [
    output,
    { name: 'remote', kind: 'boolean', initial: 'true', help: 'Ask the control plane as well' },
    { name: 'short', short: 's', kind: 'boolean', help: 'Leave out build details' },
    revision,
    ...xds,
  ],
  load: async () => (await import('./version.ts')).version,
}

const analyzeCommand: Command = {
  name: 'analyze',
  summary: 'Analyze Istio configuration and print validation messages.',
  usage: '<file>...',
  flags: [
    { name: 'all-namespaces', short: 'A', kind: 'boolean', help: 'Analyze all namespaces' },
    { name: 'use-kube', short: 'k', kind: 'boolean', initial: 'true', help: 'Use the live cluster for analysis' },
    { name: 'recursive', short: 'R', kind: 'boolean', help: 'Process folders with all that is below them' },
    {
      name: 'failure-threshold',
      kind: 'text',
      initial: 'Error',
      help: 'Severity from which the exit code is not 0: Info, Warning, Error',
    },
    { name: 'output-threshold', kind: 'text', initial: 'Info', help: 'Severity from which messages are shown' },
    {
      name: 'suppress',
      short: 'S',
      kind: 'list',
      help: "Suppress messages: 'IST0102=Namespace default', with * in the name",
    },
    { name: 'output', short: 'o', kind: 'text', initial: 'log', help: 'Output format: log, json, yaml' },
    { name: 'color', kind: 'boolean', help: 'Colour the severities' },
    { name: 'verbose', short: 'v', kind: 'boolean', help: 'Say what is done' },
    { name: 'analyzer', kind: 'list', help: 'Run only the analyzers of these names' },
    { name: 'list-analyzers', short: 'L', kind: 'boolean', help: 'List the analyzers that can run' },
    { name: 'meshConfigFile', kind: 'text', help: 'Mesh configuration to analyze with' },
    { name: 'ignore-unknown', kind: 'boolean', help: 'Do not complain about files that cannot be parsed' },
    { name: 'timeout', kind: 'duration', initial: '30s', help: 'How long to wait' },
    { name: 'revision', kind: 'text', initial: 'default', help: 'Revision to analyze' },
  ],
  load: async () => (await import('./analyze/command.ts')).analyze,
}

const precheckCommand: Command = {
  name: 'precheck',
  summary: 'Check whether Istio can safely be installed or upgraded.',
  flags: [
    output,
    { name: 'from-version', short: 'f', kind: 'text', help: 'Version to upgrade from' },
    { name: 'skip-controlplane', kind: 'boolean', help: 'Leave out the checks of the control plane' },
    { name: 'output-threshold', kind: 'text', help: 'Severity from which messages are shown' },
    revision,
  ],
  load: async () => (await import('./precheck.ts')).precheck,
}

const proxyStatusCommand: Command = {
  name: 'proxy-status',
  aliases: ['ps'],
  summary: 'Retrieve the synchronization status of each proxy in the mesh.',
  usage: '[<type>/]<name>[.<namespace>]',
  mostArguments: 1,
  flags: [
    output,
    { name: 'file', short: 'f', kind: 'text', help: 'Envoy config dump' },
    revision,
    ...xds,
    { name: 'verbosity', short: 'v', kind: 'number', help: 'Show more columns' },
  ],
  load: async () => (await import('./proxy-status.ts')).proxyStatus,
}

const proxyFlags: readonly FlagSpec[] = [
  { name: 'output', short: 'o', kind: 'text', initial: 'short', help: 'Output format: json, yaml, short' },
  { name: 'file', short: 'f', kind: 'text', help: 'Config dump to read in place of a proxy' },
  { name: 'proxy-admin-port', kind: 'number', initial: '15000', help: "Port of the proxy's admin interface" },
]
const textFlag = (name: string, help: string): FlagSpec => ({ name, kind: 'text', help })
const portFlag: FlagSpec = { name: 'port', kind: 'number', help: 'Filter by port' }

function proxyConfigChild(name: string, aliases: string[], summary: string, flags: readonly FlagSpec[]): Command {
  return {
    name,
    aliases,
    summary,
    usage: '[<type>/]<name>[.<namespace>]',
    flags: [...proxyFlags, ...flags],
    load: async () => (await import('./proxy-config/command.ts')).proxyConfig,
  }
}

const proxyConfigCommand: Command = {
  name: 'proxy-config',
  aliases: ['pc'],
  summary: 'Retrieve information about the configuration of a proxy.',
  children: [
    proxyConfigChild('cluster', ['clusters', 'c'], 'Clusters: where the proxy can send requests.', [
      textFlag('fqdn', 'Filter by service name'),
      textFlag('direction', 'Filter by direction'),
      textFlag('subset', 'Filter by subset'),
      portFlag,
    ]),
    proxyConfigChild('listener', ['listeners', 'l'], 'Listeners: what the proxy takes in.', [
      textFlag('address', 'Filter by address'),
      textFlag('type', 'Filter by type'),
      { name: 'verbose', kind: 'boolean', initial: 'true', help: 'Show what matches' },
      portFlag,
    ]),
    proxyConfigChild('route', ['routes', 'r'], 'Routes: which request goes where.', [
      textFlag('name', 'Filter by route name'),
      { name: 'verbose', kind: 'boolean', initial: 'true', help: 'Show what matches' },
    ]),
    proxyConfigChild('endpoint', ['endpoints', 'ep'], 'Endpoints: the addresses behind clusters.', [
      textFlag('address', 'Filter by address'),
      textFlag('cluster', 'Filter by cluster name'),
      textFlag('status', 'Filter by health'),
      portFlag,
    ]),
    proxyConfigChild('secret', ['secrets', 's'], 'Secrets: certificates of the proxy.', []),
    proxyConfigChild('bootstrap', ['b'], 'Bootstrap configuration.', []),
    proxyConfigChild('all', ['a'], 'Everything at once.', []),
  ],
}

const describeCommand: Command = {
  name: 'describe',
  aliases: ['des'],
  summary: 'Describe a pod or a service and the Istio configuration that affects it.',
  load: async () => (await import('./describe/command.ts')).describeUnknown,
  children: [
    {
      name: 'pod',
      aliases: ['po'],
      summary: 'Describe a pod and its Istio configuration.',
      usage: '<pod>',
      flags: [{ name: 'ignoreUnmeshed', kind: 'boolean', help: 'Say nothing of pods without a proxy' }, revision],
      load: async () => (await import('./describe/command.ts')).describePod,
    },
    {
      name: 'service',
      aliases: ['svc'],
      summary: 'Describe a service and its Istio configuration.',
      usage: '<service>',
      flags: [{ name: 'ignoreUnmeshed', kind: 'boolean', help: 'Say nothing of pods without a proxy' }, revision],
      load: async () => (await import('./describe/command.ts')).describeService,
    },
  ],
}

const checkInjectCommand: Command = {
  name: 'check-inject',
  summary: 'Say whether a pod will be injected, and by which webhook.',
  usage: '[<type>/]<name>[.<namespace>]',
  flags: [{ name: 'labels', short: 'l', kind: 'text', help: 'Check a pod with these labels' }],
  load: async () => (await import('./check-inject.ts')).checkInject,
}

const tagFlags: readonly FlagSpec[] = [
  revision,
  skip,
  { name: 'overwrite', kind: 'boolean', help: 'Change a tag that exists' },
  output,
  { name: 'manifests', short: 'd', kind: 'text', help: 'Charts (accepted, without effect)', hidden: true },
]

function tagChild(name: 'list' | 'set' | 'generate' | 'remove', aliases: string[], summary: string): Command {
  return {
    name,
    aliases,
    summary,
    ...(name === 'list' ? {} : { usage: '<tag>' }),
    flags: tagFlags,
    load: async () => (await import('./tag.ts')).tagCommands[name],
  }
}

/** The tree of commands. Each loads its code only when it runs. */
export const root: Command = {
  name: 'istioctl',
  summary: 'Istio configuration command line utility, practice build: our own program for the simulated cluster.',
  children: [
    analyzeCommand,
    installCommand,
    { ...installCommand, name: 'upgrade', aliases: [], summary: 'Upgrade the control plane in place.' },
    {
      name: 'uninstall',
      summary: 'Uninstall Istio from a cluster.',
      mostArguments: 0,
      flags: [
        ...settingsFlags,
        skip,
        dryRun,
        { name: 'purge', kind: 'boolean', help: 'Remove all of Istio, also what revisions share' },
      ],
      load: async () => (await import('./install/uninstall.ts')).uninstall,
    },
    {
      name: 'manifest',
      summary: 'Commands related to Istio manifests.',
      children: [
        {
          name: 'generate',
          summary: 'Print the manifests of an installation.',
          mostArguments: 0,
          flags: [...settingsFlags, dryRun, { name: 'output', short: 'o', kind: 'text', help: 'Folder to write to' }],
          load: async () => (await import('./manifest.ts')).generate,
        },
      ],
    },
    {
      name: 'kube-inject',
      summary: 'Inject the proxy into Kubernetes resources of a file.',
      flags: [
        { name: 'filename', short: 'f', kind: 'text', help: 'File with resources, - for standard input' },
        { name: 'output', short: 'o', kind: 'text', help: 'File to write to' },
        { name: 'meshConfigFile', kind: 'text', help: 'Mesh configuration file' },
        { name: 'meshConfigMapName', kind: 'text', initial: 'istio', help: 'ConfigMap of the mesh configuration' },
        { name: 'injectConfigFile', kind: 'text', help: 'Injection configuration file' },
        {
          name: 'injectConfigMapName',
          kind: 'text',
          initial: 'istio-sidecar-injector',
          help: 'ConfigMap of the injector',
        },
        { name: 'valuesFile', kind: 'text', help: 'Values file' },
        revision,
      ],
      load: async () => (await import('./kube-inject.ts')).kubeInject,
    },
    proxyConfigCommand,
    proxyStatusCommand,
    {
      name: 'tag',
      summary: 'Commands related to revision tags.',
      children: [
        tagChild('generate', [], 'Print the webhook of a tag.'),
        tagChild('list', ['show'], 'List the tags.'),
        tagChild('remove', ['delete'], 'Remove a tag.'),
        tagChild('set', [], 'Make a tag name a revision.'),
      ],
    },
    {
      name: 'validate',
      aliases: ['v'],
      summary: 'Validate Istio configuration in files.',
      flags: [{ name: 'filename', short: 'f', kind: 'list', help: 'File or folder to validate' }],
      load: async () => (await import('./validate.ts')).validate,
    },
    versionCommand,
    {
      name: 'experimental',
      aliases: ['x', 'exp'],
      summary: 'Experimental commands that may be modified or deprecated.',
      children: [
        precheckCommand,
        describeCommand,
        checkInjectCommand,
        { ...proxyStatusCommand, hidden: true },
        { ...versionCommand, hidden: true },
      ],
    },
    ...refusedCommands,
  ],
}
