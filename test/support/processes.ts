import { readdirSync, readFileSync } from 'node:fs'

/** Ends what still runs with a folder in its command line: hosts outlive the server that started them. Linux only. */
export function endProcessesOf(folder: string): void {
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)) {
    try {
      if (readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(folder)) process.kill(Number(pid), 'SIGKILL')
    } catch {
      // It ended meanwhile, or is another user's.
    }
  }
}
