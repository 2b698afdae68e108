/** Stands for `-O` in the list of outputs; no path begins so. */
export const remoteName = '\0remote-name'

const PARALLEL_MAX = 50

/** The command line of curl, as far as requests inside a cluster need it. */
export interface CurlOptions {
  urls: string[]
  /** A file per URL; `remoteName` is what `-O` stands for. */
  outputs: string[]
  method?: string
  headers: [string, string][]
  data: { kind: 'plain' | 'raw' | 'binary' | 'urlencode'; text: string }[]
  json: boolean
  get: boolean
  head: boolean
  include: boolean
  verbose: boolean
  silent: boolean
  showError: boolean
  insecure: boolean
  location: boolean
  maxRedirects: number
  fail: boolean
  failWithBody: boolean
  parallel: boolean
  /** How many transfers at most go on at a time with `parallel`. */
  parallelMax: number
  user?: string
  userAgent?: string
  writeOut?: string
  maxTimeSeconds?: number
  connectTimeoutSeconds?: number
  retries: number
  retryDelaySeconds: number
  retryConnectionRefused: boolean
  retryAllErrors: boolean
  resolve: string[]
  connectTo: string[]
  dumpHeader?: string
  trustsAuthority: boolean
  help: boolean
  version: boolean
}

export class CurlUsageError extends Error {
  readonly exitCode: number

  constructor(message: string, exitCode = 2) {
    super(message)
    this.name = 'CurlUsageError'
    this.exitCode = exitCode
  }
}

type Setter = { flag: (options: CurlOptions) => void } | { value: (options: CurlOptions, value: string) => void }

const ignoredFlags =
  '--compressed --http1.0 --http1.1 --http2 --http2-prior-knowledge --ipv4 --ipv6 --no-buffer --no-keepalive --globoff --path-as-is --no-progress-meter --progress-bar --tlsv1.2 --tlsv1.3 --create-dirs --disable --tcp-nodelay --parallel-immediate'
const data = (kind: CurlOptions['data'][number]['kind']): Setter => ({
  value: (options, text) => void options.data.push({ kind, text }),
})
const flag = (set: (options: CurlOptions) => void): Setter => ({ flag: set })
const value = (set: (options: CurlOptions, value: string) => void): Setter => ({ value: set })

const long: Readonly<Record<string, Setter>> = {
  ...Object.fromEntries(ignoredFlags.split(' ').map((name) => [name, flag(() => {})])),
  '--no-progress-meter': flag((o) => (o.silent ||= false)),
  '--request': value((o, v) => (o.method = v)),
  '--header': value((o, v) => addHeader(o, v)),
  '--data': data('plain'),
  '--data-ascii': data('plain'),
  '--data-raw': data('raw'),
  '--data-binary': data('binary'),
  '--data-urlencode': data('urlencode'),
  '--json': value((o, text) => {
    o.json = true
    o.data.push({ kind: 'binary', text })
  }),
  '--get': flag((o) => (o.get = true)),
  '--head': flag((o) => (o.head = true)),
  '--include': flag((o) => (o.include = true)),
  '--show-headers': flag((o) => (o.include = true)),
  '--verbose': flag((o) => (o.verbose = true)),
  '--silent': flag((o) => (o.silent = true)),
  '--show-error': flag((o) => (o.showError = true)),
  '--insecure': flag((o) => (o.insecure = true)),
  '--location': flag((o) => (o.location = true)),
  '--max-redirs': value((o, v) => (o.maxRedirects = Number(v))),
  '--fail': flag((o) => (o.fail = true)),
  '--fail-with-body': flag((o) => (o.failWithBody = true)),
  '--parallel': flag((o) => (o.parallel = true)),
  // As curl does, what is no number from 1 to 300 counts as the default.
  '--parallel-max': value((o, v) => (o.parallelMax = Number(v) >= 1 && Number(v) <= 300 ? Number(v) : PARALLEL_MAX)),
  '--user': value((o, v) => (o.user = v)),
  '--user-agent': value((o, v) => (o.userAgent = v)),
  '--referer': value((o, v) => void o.headers.push(['referer', v])),
  '--cookie': value((o, v) => void o.headers.push(['cookie', v])),
  '--oauth2-bearer': value((o, v) => void o.headers.push(['authorization', `Bearer ${v}`])),
  '--write-out': value((o, v) => (o.writeOut = v)),
  '--output': value((o, v) => void o.outputs.push(v)),
  '--remote-name': flag((o) => void o.outputs.push(remoteName)),
  '--dump-header': value((o, v) => (o.dumpHeader = v)),
  '--max-time': value((o, v) => (o.maxTimeSeconds = seconds('--max-time', v))),
  '--connect-timeout': value((o, v) => (o.connectTimeoutSeconds = seconds('--connect-timeout', v))),
  '--retry': value((o, v) => (o.retries = Number(v))),
  '--retry-delay': value((o, v) => (o.retryDelaySeconds = Number(v))),
  '--retry-max-time': value(() => {}),
  '--retry-connrefused': flag((o) => (o.retryConnectionRefused = true)),
  '--retry-all-errors': flag((o) => (o.retryAllErrors = true)),
  '--resolve': value((o, v) => void o.resolve.push(v)),
  '--connect-to': value((o, v) => void o.connectTo.push(v)),
  '--cacert': value((o) => (o.trustsAuthority = true)),
  '--cert': value(() => {}),
  '--key': value(() => {}),
  '--url': value((o, v) => void o.urls.push(v)),
  '--help': flag((o) => (o.help = true)),
  '--version': flag((o) => (o.version = true)),
}

const short: Readonly<Record<string, string>> = {
  X: '--request',
  H: '--header',
  d: '--data',
  G: '--get',
  I: '--head',
  i: '--include',
  v: '--verbose',
  s: '--silent',
  S: '--show-error',
  k: '--insecure',
  L: '--location',
  f: '--fail',
  Z: '--parallel',
  u: '--user',
  A: '--user-agent',
  e: '--referer',
  b: '--cookie',
  w: '--write-out',
  o: '--output',
  O: '--remote-name',
  D: '--dump-header',
  m: '--max-time',
  N: '--no-buffer',
  '4': '--ipv4',
  '6': '--ipv6',
  '0': '--http1.0',
  g: '--globoff',
  q: '--disable',
  '#': '--progress-bar',
  E: '--cert',
  h: '--help',
  V: '--version',
}

export function parseCurl(args: readonly string[]): CurlOptions {
  const options: CurlOptions = {
    urls: [],
    outputs: [],
    headers: [],
    data: [],
    resolve: [],
    connectTo: [],
    maxRedirects: 50,
    retries: 0,
    retryDelaySeconds: 0,
    json: false,
    get: false,
    head: false,
    include: false,
    verbose: false,
    silent: false,
    showError: false,
    insecure: false,
    location: false,
    fail: false,
    failWithBody: false,
    parallel: false,
    parallelMax: PARALLEL_MAX,
    retryConnectionRefused: false,
    retryAllErrors: false,
    trustsAuthority: false,
    help: false,
    version: false,
  }
  const rest = [...args]
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (word.startsWith('--')) apply(word, word, options, rest)
    else if (word.startsWith('-') && word !== '-') applyCluster(word, options, rest)
    else options.urls.push(word)
  }
  return options
}

function apply(name: string, shown: string, options: CurlOptions, rest: string[]): void {
  const setter = long[name]
  if (setter === undefined) throw new CurlUsageError(`option ${shown}: is unknown`)
  if ('flag' in setter) return setter.flag(options)
  const given = rest.shift()
  if (given === undefined) throw new CurlUsageError(`option ${shown}: requires parameter`)
  setter.value(options, given)
}

/** `-sSo/dev/null` is `-s -S -o /dev/null`. */
function applyCluster(word: string, options: CurlOptions, rest: string[]): void {
  for (let i = 1; i < word.length; i++) {
    const name = short[word[i] ?? '']
    if (name === undefined) throw new CurlUsageError(`option ${word}: is unknown`)
    const setter = long[name]
    if (setter !== undefined && 'value' in setter) {
      const glued = word.slice(i + 1)
      return apply(name, word, options, glued === '' ? rest : [glued, ...rest.splice(0)])
    }
    apply(name, word, options, rest)
  }
}

function addHeader(options: CurlOptions, line: string): void {
  const match = /^([^:;]+)[:;]\s*(.*)$/.exec(line)
  if (match?.[1] !== undefined) options.headers.push([match[1].trim().toLowerCase(), match[2] ?? ''])
}

function seconds(option: string, text: string): number {
  const number = Number(text)
  if (!Number.isFinite(number) || text === '')
    throw new CurlUsageError(`option ${option}: expected a proper numerical parameter`)
  return number
}
