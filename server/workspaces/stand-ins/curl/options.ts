import { CurlError } from './errors.ts'

/** Long name -> short name and whether a value follows. What is not here is refused in one sentence. */
const OPTIONS: Record<string, { short?: string; value?: true }> = {
  cacert: { value: true },
  compressed: {},
  'connect-timeout': { value: true },
  data: { short: 'd', value: true },
  'data-binary': { value: true },
  'data-raw': { value: true },
  'data-urlencode': { value: true },
  fail: { short: 'f' },
  get: { short: 'G' },
  globoff: { short: 'g' },
  head: { short: 'I' },
  header: { short: 'H', value: true },
  help: { short: 'h' },
  'http1.1': {},
  include: { short: 'i' },
  insecure: { short: 'k' },
  ipv4: { short: '4' },
  ipv6: { short: '6' },
  json: { value: true },
  location: { short: 'L' },
  'max-redirs': { value: true },
  'max-time': { short: 'm', value: true },
  'no-progress-meter': {},
  output: { short: 'o', value: true },
  'progress-bar': { short: '#' },
  'remote-name': { short: 'O' },
  request: { short: 'X', value: true },
  resolve: { value: true },
  'show-error': { short: 'S' },
  silent: { short: 's' },
  url: { value: true },
  user: { short: 'u', value: true },
  'user-agent': { short: 'A', value: true },
  verbose: { short: 'v' },
  version: { short: 'V' },
  'write-out': { short: 'w', value: true },
}
const SHORT = new Map(
  Object.entries(OPTIONS).flatMap(([long, { short }]) => (short === undefined ? [] : [[short, long]])),
)

/** A piece of the body, in the order of the command line: which option gave it, and its value. */
export type Data = [option: string, value: string]

/** A command line of curl, read. */
export class Options {
  readonly urls: string[] = []
  readonly data: Data[] = []
  /** Where the body of each URL goes: a file, or `-O`: named after the URL. */
  readonly outputs: (string | { remote: true })[] = []
  readonly #values = new Map<string, string[]>()

  /** @throws CurlError 2 */
  constructor(argv: readonly string[]) {
    const rest = [...argv]
    for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
      if (word === '-' || !word.startsWith('-')) this.urls.push(word)
      else if (word.startsWith('--')) this.#add(word.slice(2), () => rest.shift(), word)
      else this.#cluster(word, rest)
    }
  }

  has(name: string): boolean {
    return this.#values.has(name)
  }

  all(name: string): string[] {
    return this.#values.get(name) ?? []
  }

  last(name: string): string | undefined {
    return this.all(name).at(-1)
  }

  /** Seconds with a fraction, as milliseconds. @throws CurlError 2 */
  milliseconds(name: string): number | undefined {
    const text = this.last(name)
    if (text === undefined) return undefined
    if (!/^\d+(\.\d+)?$/.test(text)) throw new CurlError(2, `option --${name}: expected a proper numerical parameter`)
    return Number(text) * 1000
  }

  /** `-sSLo FILE`: letters until one takes the rest of the word, or the next word, as its value. */
  #cluster(word: string, rest: string[]): void {
    for (let at = 1; at < word.length; at++) {
      const letter = word[at]!
      const long = SHORT.get(letter)
      if (long === undefined) throw unknown(`-${letter}`)
      const takesValue = OPTIONS[long]?.value === true
      const following = word.slice(at + 1)
      this.#add(long, () => (following === '' ? rest.shift() : following), `-${letter}`)
      if (takesValue) return
    }
  }

  #add(name: string, next: () => string | undefined, shown: string): void {
    const option = OPTIONS[name]
    if (option === undefined) throw unknown(shown)
    const value = option.value === true ? next() : ''
    if (value === undefined) throw new CurlError(2, `option ${shown}: requires parameter`)
    this.#values.set(name, [...this.all(name), value])
    if (name === 'url') this.urls.push(value)
    if (name === 'output') this.outputs.push(value)
    if (name === 'remote-name') this.outputs.push({ remote: true })
    if (name.startsWith('data') || name === 'json') this.data.push([name, value])
  }
}

function unknown(shown: string): CurlError {
  return new CurlError(2, `option ${shown}: is not known to Labwright's stand-in for curl; install curl itself for it`)
}
