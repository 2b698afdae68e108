import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'

const program = path.resolve(import.meta.dirname, '../../../../dist/curl.js')
let server: Server
let folder: string
let base: string

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'curl-'))
  await writeFile(path.join(folder, 'form.txt'), 'a=1\nb=2\n')
  server = createServer((request, response) => void answer(request, response)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  base = `http://127.0.0.1:${(server.address() as { port: number }).port}`
})
afterAll(async () => {
  server.closeAllConnections()
  server.close()
  await rm(folder, { recursive: true })
})

const answers: Record<string, (request: IncomingMessage, response: ServerResponse) => unknown> = {
  '/moved': (_, response) => response.writeHead(302, { location: '/echo' }).end('moved'),
  '/circle': (_, response) => response.writeHead(302, { location: '/circle' }).end(),
  '/missing': (_, response) => response.writeHead(404).end('no\n'),
  '/silent': () => undefined,
  '/closed': (request) => request.socket.end(),
  '/reset': (request) => request.socket.resetAndDestroy(),
  '/cut': (request, response) => {
    response.writeHead(200, { 'content-length': 10 }).write('abc', () => request.socket.end())
  },
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  let body = ''
  for await (const chunk of request as AsyncIterable<Buffer>) body += chunk.toString()
  const own = answers[request.url!]
  if (own !== undefined) return void own(request, response)
  const { host, accept, authorization: auth, 'content-type': type, 'x-a': a } = request.headers
  response.end(`${JSON.stringify({ method: request.method, url: request.url, host, accept, auth, type, a, body })}\n`)
}

interface Ran {
  code: number
  out: string
  err: string
}

async function curl(args: string[], environment: Record<string, string> = {}): Promise<Ran> {
  const child = spawn(process.execPath, [program, ...args], { cwd: folder, env: environment })
  let [out, err] = ['', '']
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()))
  child.stdin.end('from stdin')
  const [code] = (await once(child, 'close')) as [number]
  return { code, out, err }
}

const form = 'application/x-www-form-urlencoded'
const seen: [string[], object][] = [
  [['/echo'], { method: 'GET', url: '/echo', accept: '*/*', body: '' }],
  [['-L', '/moved'], { method: 'GET', url: '/echo' }],
  [['-L', '-d', 'x', '/moved'], { method: 'GET', url: '/echo', body: '' }],
  [['-d', 'a=b', '-d', 'c=d', '/echo'], { method: 'POST', body: 'a=b&c=d', type: form }],
  [['-d', '@form.txt', '/echo'], { body: 'a=1b=2' }],
  [['-d', '@-', '/echo'], { body: 'from stdin' }],
  [['--data-binary', '@form.txt', '/echo'], { body: 'a=1\nb=2\n' }],
  [['--data-urlencode', 'q=a b&', '/echo'], { body: 'q=a+b%26' }],
  [['-G', '-d', 'a=b', '/echo?x=1'], { method: 'GET', url: '/echo?x=1&a=b' }],
  [['--json', '{"a":1}', '/echo'], { method: 'POST', type: 'application/json', accept: 'application/json' }],
  [['-X', 'PUT', '-H', 'X-A: b', '/echo'], { method: 'PUT', a: 'b' }],
  [['-H', 'Host: shop.example', '/echo'], { host: 'shop.example' }],
  [['-u', 'me:secret', '/echo'], { auth: 'Basic bWU6c2VjcmV0' }],
]
test.each(seen)('curl -s %j reaches the server as %j', async (args, wanted) => {
  const { code, out } = await curl(['-s', ...args.map((word) => (word.startsWith('/') ? base + word : word))])
  expect(code).toBe(0)
  expect(JSON.parse(out)).toMatchObject(wanted)
})

const ends: [string[], Partial<Ran>][] = [
  [['-s', '/missing'], { code: 0, out: 'no\n', err: '' }],
  [['-sSf', '/missing'], { code: 22, out: '', err: 'curl: (22) The requested URL returned error: 404\n' }],
  [['-sf', '/missing'], { code: 22, err: '' }],
  [['-s', '/moved'], { code: 0, out: 'moved' }],
  [['-sSL', '--max-redirs', '3', '/circle'], { code: 47, err: 'curl: (47) Maximum (3) redirects followed\n' }],
  [['-sS', '/closed'], { code: 52, err: 'curl: (52) Empty reply from server\n' }],
  [['-sS', '/reset'], { code: 56, err: 'curl: (56) Recv failure: Connection reset by peer\n' }],
  [['-sS', '/cut'], { code: 18, out: 'abc', err: 'curl: (18) transfer closed with 7 bytes remaining to read\n' }],
  [['-sS', 'http://nowhere.invalid'], { code: 6, err: 'curl: (6) Could not resolve host: nowhere.invalid\n' }],
  [['-sS', '-o', '/no/such/place', '/echo'], { code: 23, err: 'curl: (23) Failure writing output to destination\n' }],
  [['-s', '-o', '/dev/null', '-w', '%{http_code} %{num_redirects}\\n', '/missing'], { code: 0, out: '404 0\n' }],
  [['-s', '-w', '%{http_code}', 'http://127.0.0.1:1'], { code: 7, out: '000', err: '' }],
  [[], { code: 2 }],
]
test.each(ends)('curl %j ends as %j', async (args, wanted) => {
  const given = args.map((word) => (Object.hasOwn(answers, word) || word === '/echo' ? base + word : word))
  expect(await curl(given)).toMatchObject(wanted)
})

test.each([
  [
    ['-sS', '-m', '0.2', '/silent'],
    28,
    /^curl: \(28\) Operation timed out after \d+ milliseconds with 0 bytes received\n$/,
  ],
  [
    ['-sS', 'http://127.0.0.1:1/'],
    7,
    /^curl: \(7\) Failed to connect to 127.0.0.1 port 1 after \d+ ms: Couldn't connect to server\n$/,
  ],
  [['-sS', '-k', 'https'], 35, /^curl: \(35\) OpenSSL: error:\w+:SSL routines::wrong version number\n$/],
  [
    ['--form', 'a=b'],
    2,
    /^curl: option --form: is not known to Labwright's stand-in for curl; install curl itself for it\n/,
  ],
  [['-sZ'], 2, /^curl: option -Z: is not known/],
  [['-o'], 2, /^curl: option -o: requires parameter\n/],
  [['-sS', 'http://a/[1-3]'], 3, /knows no URL patterns/],
])('curl %j says why it ends with %i', async (args, code, words) => {
  const given = args.map((word) =>
    word === '/silent' ? base + word : word === 'https' ? base.replace('http', 'https') : word,
  )
  const ran = await curl(given)
  expect(ran.err).toMatch(words)
  expect(ran.code).toBe(code)
})

test('-i and -I show the head of the answer, -v the request as well', async () => {
  expect((await curl(['-si', `${base}/missing`])).out).toMatch(/^HTTP\/1\.1 404 Not Found\r\n[^]*\r\n\r\nno\n$/)
  expect((await curl(['-sI', `${base}/echo`])).out).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\n$/)
  expect((await curl(['-sv', `${base}/missing`])).err).toMatch(
    /> GET \/missing HTTP\/1\.1\r\n[^]*< HTTP\/1\.1 404 Not Found/,
  )
})

test('a body goes into files: by name, and by the name in the URL', async () => {
  await curl(['-s', `${base}/missing`, '-o', 'a.txt'])
  await curl(['-sO', `${base}/echo`])
  expect(await readFile(path.join(folder, 'a.txt'), 'utf8')).toBe('no\n')
  expect(await readFile(path.join(folder, 'echo'), 'utf8')).toContain('"url":"/echo"')
})

test('--resolve sends a name to an address', async () => {
  const { port } = new URL(base)
  const { out } = await curl(['-s', '--resolve', `shop.test:${port}:127.0.0.1`, `http://shop.test:${port}/echo`])
  expect(JSON.parse(out)).toMatchObject({ host: `shop.test:${port}` })
})
