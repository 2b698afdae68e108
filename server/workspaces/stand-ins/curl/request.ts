import { request as httpRequest, type ClientRequest, type IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { CurlError } from './errors.ts'
import type { Options } from './options.ts'

export interface Message {
  url: URL
  method: string
  body: Buffer | undefined
  /** Of the first host alone: -u is not sent on to another one. */
  credentials: string | undefined
}

export const USER_AGENT = 'curl/8 (stand-in of Labwright)'

/** The headers that go out, in curl's order. `-H 'Name:'` takes one away, `-H 'Name;'` sends it empty. */
export function headersOf({ url, body, credentials }: Message, options: Options): Map<string, [string, string]> {
  const headers = new Map<string, [string, string]>()
  const set = (name: string, value: string) => headers.set(name.toLowerCase(), [name, value])
  set('Host', url.host)
  if (credentials !== undefined) set('Authorization', `Basic ${Buffer.from(credentials).toString('base64')}`)
  set('User-Agent', options.last('user-agent') ?? USER_AGENT)
  set('Accept', options.has('json') ? 'application/json' : '*/*')
  if (body !== undefined) {
    set('Content-Length', String(body.length))
    set('Content-Type', options.has('json') ? 'application/json' : 'application/x-www-form-urlencoded')
  }
  for (const line of options.all('header')) {
    const [, name = '', separator = '', value = ''] = /^([^:;]+)([:;])\s*(.*)$/s.exec(line) ?? []
    if (name === '') continue
    if (separator === ':' && value === '') headers.delete(name.toLowerCase())
    else set(name, value)
  }
  return headers
}

/** Sends one request on a connection and resolves with the head of the answer. */
export function exchange(socket: Socket, message: Message, options: Options): Promise<IncomingMessage> {
  const { url, method, body } = message
  const headers = headersOf(message, options)
  const path = `${url.pathname}${url.search}`
  if (options.has('verbose')) {
    process.stderr.write(`> ${method} ${path} HTTP/1.1\r\n`)
    for (const [name, value] of headers.values()) process.stderr.write(`> ${name}: ${value}\r\n`)
    process.stderr.write('> \r\n')
  }
  return new Promise((resolve, reject) => {
    const outgoing: ClientRequest = httpRequest({
      // Without an agent: the connection is there already.
      createConnection: () => socket,
      method,
      path,
      setHost: false,
      headers: Object.fromEntries(headers.values()),
    })
    outgoing.removeHeader('Connection')
    outgoing.once('response', resolve)
    outgoing.once('upgrade', (response, upgraded) => {
      upgraded.destroy()
      reject(new CurlError(56, `The server changed to another protocol (${response.headers.upgrade ?? 'unknown'})`))
    })
    outgoing.on('error', reject)
    outgoing.end(body)
  })
}

/** `HTTP/1.1 200 OK` and the headers as they came. */
export function headLines(response: IncomingMessage): string[] {
  const lines = [`HTTP/${response.httpVersion} ${response.statusCode} ${response.statusMessage}`.trimEnd()]
  for (let at = 0; at < response.rawHeaders.length; at += 2)
    lines.push(`${response.rawHeaders[at]}: ${response.rawHeaders[at + 1]}`)
  return lines
}
