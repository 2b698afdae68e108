import { ExecutableNotFound } from '../program.ts'
import { findProgram, programNames } from './names.ts'
import { serve } from './serve.ts'

/** As shells say it. */
const COMMAND_NOT_FOUND = 127

/**
 * One of the sample programs as a real server: `node program.js NAME [--as BINARY] [ARGUMENTS]`. NAME is a short name (`httpbin`) or an
 * image; `--as` is the name that a pod's `command` started it by.
 */
const [name = '', ...words] = process.argv.slice(2)
const image = findProgram(name)
if (image === undefined) {
  console.error(`There is no program "${name}". There are ${programNames.join(', ')}.`)
  process.exit(2)
}
const isNamed = words[0] === '--as'
const ending = new AbortController()
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => ending.abort())
// A program that serves no port waits for its signal all the same.
setInterval(() => {}, 2 ** 30)
try {
  const exitCode = await serve(image, {
    name,
    command: isNamed ? words.slice(1, 2) : [],
    args: isNamed ? words.slice(2) : words,
    env: Object.fromEntries(Object.entries(process.env).map(([key, value]) => [key, value ?? ''])),
    log: (line, stream) => void process[stream ?? 'stdout'].write(`${line}\n`),
    signal: ending.signal,
  })
  process.exit(exitCode)
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error))
  process.exit(error instanceof ExecutableNotFound ? COMMAND_NOT_FOUND : 1)
}
