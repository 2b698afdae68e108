import type { Headers } from '../../../../kubernetes/index.ts'

/** What `-w` can ask of a finished transfer. */
export interface TransferFacts {
  url: string
  method: string
  scheme: string
  status: number
  headers: Headers
  bodyBytes: number
  headerBytes: number
  totalSeconds: number
  redirects: number
  redirectUrl: string
  localIp: string
  remoteIp: string
  remotePort: number
  exitCode: number
  errorMessage: string
}

const time = (seconds: number): string => seconds.toFixed(6)
const padded = (status: number): string => String(status).padStart(3, '0')

const variables: Readonly<Record<string, (facts: TransferFacts) => string>> = {
  http_code: ({ status }) => padded(status),
  response_code: ({ status }) => padded(status),
  http_connect: () => '000',
  http_version: ({ status }) => (status === 0 ? '0' : '1.1'),
  time_total: ({ totalSeconds }) => time(totalSeconds),
  time_starttransfer: ({ totalSeconds, status }) => time(status === 0 ? 0 : totalSeconds * 0.98),
  time_pretransfer: ({ totalSeconds }) => time(Math.min(totalSeconds, 0.0012)),
  time_connect: ({ totalSeconds }) => time(Math.min(totalSeconds, 0.0011)),
  time_appconnect: ({ totalSeconds, scheme }) => time(scheme === 'https' ? Math.min(totalSeconds, 0.004) : 0),
  time_namelookup: ({ totalSeconds }) => time(Math.min(totalSeconds, 0.0008)),
  time_redirect: () => time(0),
  size_download: ({ bodyBytes }) => String(bodyBytes),
  size_header: ({ headerBytes }) => String(headerBytes),
  size_upload: () => '0',
  size_request: () => '0',
  speed_download: ({ bodyBytes, totalSeconds }) => String(Math.round(bodyBytes / Math.max(totalSeconds, 0.001))),
  num_redirects: ({ redirects }) => String(redirects),
  num_connects: ({ status }) => (status === 0 ? '0' : '1'),
  num_headers: ({ headers }) => String(headers.length),
  redirect_url: ({ redirectUrl }) => redirectUrl,
  url: ({ url }) => url,
  url_effective: ({ url }) => url,
  content_type: ({ headers }) => headers.find(([name]) => name === 'content-type')?.[1] ?? '',
  method: ({ method }) => method,
  scheme: ({ scheme }) => scheme,
  local_ip: ({ localIp }) => localIp,
  local_port: () => '41234',
  remote_ip: ({ remoteIp }) => remoteIp,
  remote_port: ({ remotePort }) => String(remotePort),
  ssl_verify_result: () => '0',
  exitcode: ({ exitCode }) => String(exitCode),
  errormsg: ({ errorMessage }) => errorMessage,
  onerror: () => '',
  stdout: () => '',
  header_json: ({ headers }) => JSON.stringify(Object.fromEntries(headers.map(([name, value]) => [name, [value]]))),
}

/** Fills a `-w` format: `%{name}`, `%header{name}`, `%%`, and `\n`, `\t`, `\r`. */
export function writeOut(format: string, facts: TransferFacts): string {
  return format.replaceAll(/%%|%header\{([^}]*)\}|%\{([^}]*)\}|\\[nrt\\]/g, (match, header?: string, name?: string) => {
    if (match === '%%') return '%'
    if (match.startsWith('\\')) return { '\\n': '\n', '\\r': '\r', '\\t': '\t' }[match] ?? '\\'
    if (header !== undefined) return facts.headers.find(([key]) => key === header.toLowerCase())?.[1] ?? ''
    const variable = variables[name ?? '']
    return variable === undefined ? `curl: unknown --write-out variable: '${name}'\n` : variable(facts)
  })
}
