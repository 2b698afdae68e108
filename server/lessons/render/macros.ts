/** The macros that may stand after code: `{{exec}}`, `{{copy}}`, `{{exec interrupt}}`, `{{exec second}}`, `{{save strict.yaml}}`. */
export type Macro =
  { kind: 'command'; action: 'exec' | 'copy' | 'interrupt'; terminal: string } | { kind: 'file'; path: string }

const firstTerminal = 'bash 1'

/** `{{…}}` at the beginning of `text`: the macro and how long it is; undefined when none stands there. */
export function macroAt(text: string): { macro: Macro; length: number } | undefined {
  const found = /^\{\{\s*([^{}\n]+?)\s*\}\}/.exec(text)
  const macro = found && parse(found[1]!.split(/\s+/))
  return macro ? { macro, length: found[0].length } : undefined
}

function parse(words: string[]): Macro | undefined {
  const [verb, ...rest] = words.map((word, index) => (index === 0 ? word.toLowerCase() : word))
  if (verb === 'copy' && rest.length === 0) return { kind: 'command', action: 'copy', terminal: firstTerminal }
  if (verb === 'save' && rest.length === 1 && safePath(rest[0]!)) return { kind: 'file', path: rest[0]! }
  if (verb !== 'exec') return undefined
  const interrupt = rest.includes('interrupt')
  const terminal = rest.filter((word) => word !== 'interrupt').join(' ')
  return { kind: 'command', action: interrupt ? 'interrupt' : 'exec', terminal: terminalName(terminal) }
}

/** `T2` of other formats and a bare number mean the same tab. */
function terminalName(target: string): string {
  if (target === '') return firstTerminal
  const numbered = /^T?(\d)$/i.exec(target)
  return numbered ? `bash ${numbered[1]}` : target
}

/** A file block may only be saved below the home. */
function safePath(path: string): boolean {
  return /^[\w.-]+(\/[\w.-]+)*$/.test(path) && !path.split('/').includes('..')
}
