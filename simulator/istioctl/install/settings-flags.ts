import type { FlagSpec } from '../command-line/flags.ts'

/** Flags that say what to install: of `install`, `upgrade` and `manifest generate`. */
export const settingsFlags: readonly FlagSpec[] = [
  { name: 'filename', short: 'f', kind: 'list', help: 'Path to a file with an IstioOperator resource' },
  {
    name: 'set',
    short: 's',
    kind: 'list',
    help: 'Override a setting of the IstioOperator: profile=demo, meshConfig.accessLogFile=/dev/stdout, values.…',
  },
  { name: 'revision', short: 'r', kind: 'text', help: 'Control plane revision' },
  {
    name: 'manifests',
    short: 'd',
    kind: 'text',
    help: 'Charts and profiles to use; the practice build has its own only',
  },
  { name: 'force', kind: 'boolean', help: 'Proceed even with validation errors' },
]
