/** jq's options that take values -> how many, and which of them (from 0) is a file. */
const VALUES: Record<string, { count: number; file?: number }> = {
  '--arg': { count: 2 },
  '--argjson': { count: 2 },
  '--slurpfile': { count: 2, file: 1 },
  '--rawfile': { count: 2, file: 1 },
  '--argfile': { count: 2, file: 1 },
  '--indent': { count: 1 },
  '-L': { count: 1 },
}

/** The files that a command line of jq names: inputs, programs (-f) and those of variables. */
export function filesOf(argv: readonly string[]): string[] {
  const files: string[] = []
  const operands: string[] = []
  let [filterIsFile, optionsEnded, positional] = [false, false, false]
  for (let at = 0; at < argv.length; at++) {
    const word = argv[at]!
    if (optionsEnded || word === '-' || !word.startsWith('-')) {
      // Behind --args and --jsonargs stand values, but the first operand is the filter all the same.
      if (!positional || operands.length === 0) operands.push(word)
      continue
    }
    if (word === '--') optionsEnded = true
    if (word === '--args' || word === '--jsonargs') positional = true
    if (/^-[a-zA-Z]*f/.test(word) || word === '--from-file') filterIsFile = true
    const value = VALUES[word]
    if (value === undefined) continue
    if (value.file !== undefined) files.push(argv[at + 1 + value.file] ?? '')
    at += value.count
  }
  // With -f the first operand is the file of the program; without it, it is the program.
  const named = filterIsFile ? operands : operands.slice(1)
  return [...files, ...named].filter((name) => name !== '' && name !== '-')
}
