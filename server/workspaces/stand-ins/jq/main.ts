import { readFileSync, readSync, writeSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { filesOf } from './operands.ts'

/** What build/build.mjs makes of jq-web: jq itself, compiled to WebAssembly, with its file system. */
interface Engine {
  callMain(argv: string[]): number
  FS: {
    mkdirTree(folder: string): void
    writeFile(file: string, content: Uint8Array): void
    chdir(folder: string): void
  }
}
type Factory = (settings: {
  noInitialRun: true
  thisProgram: string
  ENV: NodeJS.ProcessEnv
  preRun: () => void
  stdin: () => number | null
  stdout: (byte: number | null) => void
  stderr: (byte: number | null) => void
}) => Promise<Engine>

const CHUNK_BYTES = 65_536

/** Standard input byte by byte, read when jq asks for it. */
function reader(): () => number | null {
  const buffer = Buffer.alloc(CHUNK_BYTES)
  let [at, end] = [0, 0]
  return () => {
    if (at === end) [at, end] = [0, fill(buffer)]
    return end === 0 ? null : buffer[at++]!
  }
}

function fill(buffer: Buffer): number {
  for (;;) {
    try {
      return readSync(0, buffer)
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'EOF') return 0
      // A terminal or pipe that another program set to non-blocking: ask again a moment later.
      if (code !== 'EAGAIN') throw error
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10)
    }
  }
}

class Writer {
  readonly #descriptor: number
  readonly #buffer = Buffer.alloc(CHUNK_BYTES)
  #size = 0

  constructor(descriptor: number) {
    this.#descriptor = descriptor
  }

  readonly byte = (byte: number | null): void => {
    if (byte === null) return
    this.#buffer[this.#size++] = byte
    if (this.#size === CHUNK_BYTES) this.flush()
  }

  flush(): void {
    for (let at = 0; at < this.#size;) {
      try {
        at += writeSync(this.#descriptor, this.#buffer, at, this.#size - at)
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException
        if (code === 'EPIPE') process.exit(2)
        if (code !== 'EAGAIN') throw error
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10)
      }
    }
    this.#size = 0
  }
}

/** Copies the files that the command line names to where jq looks for them; one that cannot be read is jq's to complain about. */
function lend({ FS }: Engine, files: readonly string[]): void {
  const here = process.cwd()
  FS.mkdirTree(here)
  FS.chdir(here)
  for (const file of files.map((name) => path.resolve(name))) {
    let content: Buffer
    try {
      content = readFileSync(file)
    } catch {
      continue
    }
    FS.mkdirTree(path.dirname(file))
    FS.writeFile(file, content)
  }
}

const makeEngine = createRequire(import.meta.url)('./jq-engine.cjs') as Factory
const [out, err] = [new Writer(1), new Writer(2)]
const engine = await makeEngine({
  noInitialRun: true,
  thisProgram: 'jq',
  ENV: { ...process.env },
  // Standard input and output are ours; the package's own set-up has none.
  preRun: () => undefined,
  stdin: reader(),
  stdout: out.byte,
  stderr: err.byte,
})
const argv = process.argv.slice(2)
lend(engine, filesOf(argv))
const colours = process.stdout.isTTY ? ['-C'] : []
const exitCode = engine.callMain([...colours, ...argv])
out.flush()
err.flush()
process.exitCode = exitCode
