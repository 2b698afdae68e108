import type { Command } from '../command.ts'
import { curl } from './curl/index.ts'
import { system } from './system.ts'

/** Commands of ours, by name. */
export const commands: ReadonlyMap<string, Command> = new Map([['curl', curl], ...Object.entries(system)])

/** Only in images that name them among their own. */
export const special: ReadonlySet<string> = new Set(['pilot-agent', 'fortio', 'envoy'])
