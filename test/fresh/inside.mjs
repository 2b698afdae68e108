// Runs commands inside the root file system, as its user, with processes and mounts of its own that end with the command.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { lchown, mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { USER } from './root.mjs'

/** What is shown of a command that failed. */
const LAST_LINES = 60

/** $1 root, $2 npm's cache, $3 the facts beside the checkout, $4 user and group, $5 the command. */
const ENTER = `set -e
mount -t proc proc "$1/proc"
mount --rbind /dev "$1/dev"
mount --bind "$2" "$1${USER.home}/.npm"
if [ -d "$3" ]; then mkdir -p "$1${USER.home}/shared"; mount --bind "$3" "$1${USER.home}/shared"; fi
exec chroot --userspec="$4" "$1" /bin/bash -c "cd ${USER.home}/labwright && $5"`

export class Inside {
  #root

  constructor(root) {
    this.#root = root
  }

  /** Runs a command to its end; all that it prints lies in `log` afterwards. @throws with its last lines */
  async run(command, milliseconds, log) {
    const started = this.start(command)
    try {
      await started.ended(milliseconds)
    } finally {
      if (log !== undefined) await writeFile(log, started.output)
    }
  }

  start(command) {
    return new Started(command, this.#root)
  }
}

class Started {
  #child
  /** Standard output and error so far. */
  output = ''
  #ready
  #closed

  constructor(command, root) {
    this.#ready = this.#spawn(command, root)
  }

  async #spawn(command, { folder, cache, shared }) {
    const npmCache = path.join(cache, 'npm')
    await mkdir(npmCache, { recursive: true })
    await lchown(npmCache, USER.id, USER.id)
    const script = [folder, npmCache, shared, `${USER.id}:${USER.id}`, command]
    this.#child = spawn(
      'unshare',
      ['--mount', '--pid', '--fork', '--kill-child', '/bin/sh', '-c', ENTER, 'enter', ...script],
      {
        detached: true,
        stdio: ['ignore', 'pipe', 'pipe'],
        env: {
          PATH: '/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin',
          HOME: USER.home,
          USER: USER.name,
          LANG: 'C.UTF-8',
          CI: '1',
        },
      },
    )
    for (const stream of [this.#child.stdout, this.#child.stderr])
      stream.on('data', (chunk) => (this.output += chunk.toString()))
    this.#closed = once(this.#child, 'close')
  }

  /** The first match in what it prints. */
  async find(pattern, milliseconds) {
    await this.#ready
    const deadline = performance.now() + milliseconds
    for (;;) {
      const match = pattern.exec(this.output)?.[0]
      if (match !== undefined) return match
      if (this.#child.exitCode !== null) throw new Error(`it ended before it printed ${pattern}\n${this.#tail()}`)
      if (performance.now() > deadline) throw new Error(`it did not print ${pattern} in time\n${this.#tail()}`)
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }

  async ended(milliseconds) {
    await this.#ready
    const timer = setTimeout(() => void this.stop(), milliseconds)
    const [code] = await this.#closed
    clearTimeout(timer)
    if (code !== 0) throw new Error(`exit code ${code ?? 'none: it took too long'}\n${this.#tail()}`)
  }

  /** SIGTERM to all of it, and ten seconds later SIGKILL. */
  async stop() {
    await this.#ready
    this.#signal('SIGTERM')
    const timer = setTimeout(() => this.#signal('SIGKILL'), 10_000)
    await this.#closed
    clearTimeout(timer)
  }

  #signal(name) {
    try {
      process.kill(-this.#child.pid, name)
    } catch {
      // It ended already.
    }
  }

  #tail() {
    return this.output.trimEnd().split('\n').slice(-LAST_LINES).join('\n')
  }
}
