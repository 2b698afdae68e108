import type { Command } from '../command.ts'
import { curl } from './curl/index.ts'
import { dns } from './dns.ts'
import { files } from './files.ts'
import { fortio } from './fortio.ts'
import { net } from './net.ts'
import { pilotAgent } from './pilot-agent.ts'
import { system } from './system.ts'
import { wget } from './wget.ts'

/** Commands of ours, by name. */
export const commands: ReadonlyMap<string, Command> = new Map(
  Object.entries({ curl, wget, fortio, 'pilot-agent': pilotAgent, ...dns, ...net, ...files, ...system }),
)

/** Only in images that name them among their own. */
export const special: ReadonlySet<string> = new Set(['pilot-agent', 'fortio'])

/** Those that write while they run, and so may go on for long. */
export const streaming: ReadonlySet<string> = new Set(['curl', 'wget', 'fortio', 'tail'])

/** The interpreter brings these, but no image has them. */
export const foreign: ReadonlySet<string> = new Set([
  'html-to-markdown',
  'xan',
  'yq',
  'sqlite3',
  'rg',
  'help',
  'hostname',
  'whoami',
])
