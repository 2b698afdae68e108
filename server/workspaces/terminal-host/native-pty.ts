import { createRequire } from 'node:module'

/**
 * The two calls of node-pty's native module that the terminal host uses. Its public `spawn` is left aside on purpose: it closes
 * the stream 200 ms after the child's exit, read or not (the tail of the output is lost when the window is full), and it never
 * lets the caller hold the slave side.
 */
interface NativePty {
  open(columns: number, rows: number): { master: number; slave: number; pty: string }
  resize(master: number, columns: number, rows: number): void
}

let loaded: NativePty | undefined

/** Loads the prebuilt module; throws where the platform has none. */
export function nativePty(): NativePty {
  if (loaded === undefined) {
    const require = createRequire(import.meta.url)
    const { requireBinary } = require('node-pty/requireBinary.js') as { requireBinary: (name: string) => NativePty }
    loaded = requireBinary('pty.node')
  }
  return loaded
}
