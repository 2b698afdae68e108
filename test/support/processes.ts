import { readdirSync, readFileSync } from 'node:fs'

/** Processes and their command lines, arguments parted by spaces. Linux only. */
export function commandLines(): { pid: number; command: string }[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const command = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()
        return [{ pid: Number(name), command }]
      } catch {
        // It ended meanwhile, or is another user's.
        return []
      }
    })
}

/** Ends what still runs with a folder in its command line: hosts outlive the server that started them. */
export function endProcessesOf(folder: string): void {
  for (const { pid, command } of commandLines()) {
    if (pid === process.pid || !command.includes(folder)) continue
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      // It ended meanwhile.
    }
  }
}
