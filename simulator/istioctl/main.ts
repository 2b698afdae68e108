import { createInterface } from 'node:readline'
import { dispatch } from './command-line/dispatch.ts'
import type { Io } from './command-line/io.ts'
import { root } from './root.ts'

let lines: AsyncIterator<string> | undefined
let close = (): void => {}

function nextLine(): Promise<IteratorResult<string>> {
  if (lines === undefined) {
    const reader = createInterface({ input: process.stdin })
    lines = reader[Symbol.asyncIterator]()
    close = () => reader.close()
  }
  return lines.next()
}

async function readAll(): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}

const io: Io = {
  stdout: (text) => void process.stdout.write(text),
  stderr: (text) => void process.stderr.write(text),
  readLine: async () => {
    const { value, done } = await nextLine()
    return done === true ? undefined : value
  },
  readAll,
  env: process.env,
  folder: process.cwd(),
  terminal: process.stderr.isTTY,
}

// A reader that goes away (`istioctl … | head -1`) is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1))

process.exitCode = await dispatch(root, process.argv.slice(2), io)
close()
