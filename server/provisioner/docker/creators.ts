import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'

/**
 * Ends every `kind` that makes this cluster, with its children. It runs on when the provisioner that started it is killed, and would go
 * on making what the sweeper takes away. True when there was one.
 */
export function endCreators(cluster: string): boolean {
  const creators = processes().filter(({ command }) => isCreator(command, cluster))
  for (const { pid } of creators) {
    try {
      // `runCommand` makes each the leader of its group.
      process.kill(-pid, 'SIGKILL')
    } catch {
      // ESRCH: it ended by itself.
    }
  }
  return creators.length > 0
}

function isCreator(command: readonly string[], cluster: string): boolean {
  const [program = '', ...args] = command
  return path.basename(program) === 'kind' && args[0] === 'create' && args[args.indexOf('--name') + 1] === cluster
}

/** Of this machine, where it has a /proc. */
function processes(): { pid: number; command: string[] }[] {
  let entries: string[]
  try {
    entries = readdirSync('/proc')
  } catch {
    return []
  }
  return entries.flatMap((entry) => {
    if (!/^\d+$/.test(entry)) return []
    try {
      return [{ pid: Number(entry), command: readFileSync(`/proc/${entry}/cmdline`, 'utf8').split('\0') }]
    } catch {
      // It ended meanwhile.
      return []
    }
  })
}
