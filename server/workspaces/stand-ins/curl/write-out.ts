/** What -w can tell about a transfer; times in seconds. */
export interface Report {
  url: string
  method: string
  status: number
  version: string
  headers: Record<string, string | string[] | undefined>
  redirects: number
  redirectUrl: string
  downloaded: number
  uploaded: number
  exitCode: number
  error: string
  remote: { address: string; port: number }
  local: { address: string; port: number }
  times: { connect: number; ready: number; start: number; total: number }
}

const seconds = (value: number) => value.toFixed(6)
const single = (value: string | string[] | undefined) => (Array.isArray(value) ? value.join(', ') : (value ?? ''))

const VARIABLES: Record<string, (report: Report) => string | number> = {
  http_code: ({ status }) => String(status).padStart(3, '0'),
  response_code: ({ status }) => String(status).padStart(3, '0'),
  http_version: ({ version }) => version,
  content_type: ({ headers }) => single(headers['content-type']),
  num_redirects: ({ redirects }) => redirects,
  redirect_url: ({ redirectUrl }) => redirectUrl,
  url_effective: ({ url }) => url,
  url: ({ url }) => url,
  method: ({ method }) => method,
  scheme: ({ url }) => url.split(':')[0]!,
  size_download: ({ downloaded }) => downloaded,
  size_upload: ({ uploaded }) => uploaded,
  speed_download: ({ downloaded, times }) => (times.total === 0 ? 0 : Math.round(downloaded / times.total)),
  exitcode: ({ exitCode }) => exitCode,
  errormsg: ({ error }) => error,
  remote_ip: ({ remote }) => remote.address,
  remote_port: ({ remote }) => remote.port,
  local_ip: ({ local }) => local.address,
  local_port: ({ local }) => local.port,
  time_connect: ({ times }) => seconds(times.connect),
  time_appconnect: ({ times, url }) => seconds(url.startsWith('https:') ? times.ready : 0),
  time_pretransfer: ({ times }) => seconds(times.ready),
  time_starttransfer: ({ times }) => seconds(times.start),
  time_total: ({ times }) => seconds(times.total),
}

/** Fills in a format of -w. `warn` hears of variables that are not known; curl prints nothing in their place. */
export function writeOut(format: string, report: Report, warn: (sentence: string) => void): string {
  const escapes: Record<string, string> = { n: '\n', r: '\r', t: '\t' }
  return format.replaceAll(/%\{([^}]*)\}|%%|\\([nrt])/g, (whole, name?: string, escape?: string) => {
    if (escape !== undefined) return escapes[escape]!
    if (name === undefined) return '%'
    const value = VARIABLES[name]?.(report)
    if (value === undefined) warn(`unknown --write-out variable: '${name}'`)
    return value === undefined ? '' : String(value)
  })
}
