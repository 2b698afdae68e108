import type { FlagSpec, ParsedFlags } from './flags.ts'
import type { Io } from './io.ts'

export interface Invocation {
  io: Io
  flags: ParsedFlags
  /** Positional arguments. */
  words: readonly string[]
  /** `istioctl proxy-config cluster` */
  path: string
}

/** Resolves to the exit code. */
export type Run = (invocation: Invocation) => Promise<number>

export interface Command {
  name: string
  aliases?: readonly string[]
  summary: string
  /** What stands after the name in the usage line. */
  usage?: string
  flags?: readonly FlagSpec[]
  /** Loaded only when the command runs: most runs need one. */
  load?: () => Promise<Run>
  children?: readonly Command[]
  /** Most arguments; absent: any number. */
  mostArguments?: number
  /** Not listed in the help. */
  hidden?: boolean
}

/** Flags that every command takes. */
export const globalFlags: readonly FlagSpec[] = [
  { name: 'kubeconfig', short: 'c', kind: 'text', help: 'Kubernetes configuration file' },
  { name: 'context', kind: 'text', help: 'Kubernetes configuration context' },
  { name: 'namespace', short: 'n', kind: 'text', help: 'Kubernetes namespace' },
  { name: 'istioNamespace', short: 'i', kind: 'text', initial: 'istio-system', help: 'Istio system namespace' },
  { name: 'as', kind: 'text', help: 'Username to impersonate' },
  { name: 'as-group', kind: 'list', help: 'Group to impersonate' },
  { name: 'vklog', kind: 'number', help: 'Number for the log level verbosity (accepted, without effect)' },
  { name: 'log_output_level', kind: 'text', help: 'Logging level (accepted, without effect)', hidden: true },
  { name: 'help', short: 'h', kind: 'boolean', help: 'Help for this command' },
]
