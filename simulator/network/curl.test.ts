import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { systemClock } from '../kubernetes/index.ts'
import { TestCluster, type TestPod } from './testing/cluster.ts'

let cluster: TestCluster
let client: TestPod

beforeAll(() => {
  cluster = new TestCluster({ clock: systemClock })
  client = cluster.pod({ name: 'client', image: 'curlimages/curl', args: ['sleep', 'infinity'] })
  const httpbin = cluster.pod({ name: 'httpbin', image: 'docker.io/kennethreitz/httpbin' })
  const flaky = cluster.pod({
    name: 'flaky',
    image: 'labwright/flaky:1',
    env: { FAIL_PERCENT: '100', FAIL_MODE: 'drop' },
  })
  cluster.service({ name: 'httpbin', clusterIP: '10.96.0.30', ports: [{ port: 8000, targetPort: 80 }], to: [httpbin] })
  cluster.service({ name: 'flaky', clusterIP: '10.96.0.31', ports: [{ port: 80, targetPort: 8080 }], to: [flaky] })
  cluster.service({ name: 'empty', clusterIP: '10.96.0.32', ports: [{ port: 80 }], to: [] })
})

afterAll(() => cluster[Symbol.dispose]())

describe('how curl ends', () => {
  it.each([
    [['httpbin:8000/status/200'], 0, ''],
    [['httpbin:8000/status/404'], 0, ''],
    [['nowhere'], 6, 'curl: (6) Could not resolve host: nowhere\n'],
    [['empty'], 7, /^curl: \(7\) Failed to connect to empty port 80 after \d+ ms: Could not connect to server\n$/],
    [['-f', 'httpbin:8000/status/404'], 22, 'curl: (22) The requested URL returned error: 404\n'],
    [['--fail-with-body', 'httpbin:8000/status/503'], 22, 'curl: (22) The requested URL returned error: 503\n'],
    [
      ['-m', '0.1', 'httpbin:8000/delay/2'],
      28,
      /^curl: \(28\) Operation timed out after \d+ milliseconds with 0 bytes received\n$/,
    ],
    [['--connect-timeout', '0.1', '198.51.100.1'], 28, /^curl: \(28\) Connection timed out after \d+ milliseconds\n$/],
    [['-m', '0.1', '198.51.100.1'], 28, /^curl: \(28\) Connection timed out after \d+ milliseconds\n$/],
    [['https://httpbin:8000/get'], 35, /^curl: \(35\) TLS connect error: .*wrong version number\n$/],
    [['https://kubernetes'], 60, /^curl: \(60\) SSL certificate problem: /],
    [['flaky'], 52, 'curl: (52) Empty reply from server\n'],
    [['-L', '--max-redirs', '1', 'httpbin:8000/redirect/3'], 47, 'curl: (47) Maximum (1) redirects followed\n'],
    [['--no-such'], 2, /^curl: option --no-such: is unknown\n/],
    [['ftp://httpbin'], 1, 'curl: (1) Protocol "ftp" not supported\n'],
  ])('curl -sS %j exits with %i', async (args, exitCode, stderr) => {
    const result = await client.exec('curl', '-sS', ...args)
    expect(result).toMatchObject({
      exitCode,
      stderr: stderr instanceof RegExp ? expect.stringMatching(stderr) : stderr,
    })
  })

  it('says nothing with -s alone', async () => {
    expect(await client.exec('curl', '-s', 'nowhere')).toEqual({ exitCode: 6, stdout: '', stderr: '' })
  })

  it('shows its meter where there is no terminal', async () => {
    expect((await client.exec('curl', 'httpbin:8000/ip')).stderr).toMatch(/^ {2}% Total {4}% Received/)
  })
})

describe('what curl prints', () => {
  it.each([
    [['-o', '/dev/null', '-w', '%{http_code}\\n', 'httpbin:8000/status/418'], '418\n'],
    [['-o', '/dev/null', '-w', '%{http_code}', 'nowhere'], '000'],
    [['-o', '/dev/null', '-w', '%{exitcode} %{errormsg}', 'nowhere'], '6 Could not resolve host: nowhere'],
    [
      ['-w', '%{remote_ip}:%{remote_port} %{size_download}', 'httpbin:8000/robots.txt', '-o', '/dev/null'],
      '10.96.0.30:8000 30',
    ],
    [
      ['-o', '/dev/null', '-w', '%{content_type}|%header{server}', 'httpbin:8000/get'],
      'application/json|gunicorn/19.9.0',
    ],
    [
      ['-o', '/dev/null', '-L', '-w', '%{num_redirects} %{url_effective}', 'httpbin:8000/redirect/2'],
      '2 http://httpbin:8000/get',
    ],
    [['-o', '/dev/null', '-w', '%{redirect_url}', 'httpbin:8000/redirect/1'], 'http://httpbin:8000/get'],
    [
      [
        '-o',
        '/dev/null',
        '-o',
        '/dev/null',
        '-w',
        '%{http_code} ',
        'httpbin:8000/status/201',
        'httpbin:8000/status/202',
      ],
      '201 202 ',
    ],
    [['-o', '/dev/null', '-w', '%{http_code} ', 'httpbin:8000/status/20[1-3]'], '201 202 203 '],
    [
      ['-Z', '--parallel-max', '2', '-o', '/dev/null', '-w', '%{http_code} ', 'httpbin:8000/status/20{1,1,1}'],
      '201 201 201 ',
    ],
  ])('curl -s %j', async (args, stdout) => {
    const result = await client.exec('curl', '-s', ...args)
    expect(result.stdout).toBe(stdout)
  })

  it.each([
    ['a header', ['-H', 'X-One: 1'], { headers: { 'X-One': '1' } }],
    ['another Host', ['-H', 'Host: other.example'], { headers: { Host: 'other.example' } }],
    ['a cookie', ['-b', 'a=b'], { headers: { Cookie: 'a=b' } }],
    ['a user agent', ['-A', 'me'], { headers: { 'User-Agent': 'me' } }],
    ['credentials', ['-u', 'a:b'], { headers: { Authorization: 'Basic YTpi' } }],
    ['a form', ['-d', 'a=1', '-d', 'b=2'], { method: 'POST', form: { a: '1', b: '2' } }],
    ['JSON', ['--json', '{"a":1}'], { method: 'POST', json: { a: 1 } }],
    ['data in the query', ['-G', '-d', 'a=1'], { method: 'GET', args: { a: '1' } }],
    ['a method', ['-X', 'DELETE'], { method: 'DELETE' }],
  ])('sends %s', async (_, args, seen) => {
    const { stdout } = await client.exec('curl', '-s', ...args, 'httpbin:8000/anything')
    expect(JSON.parse(stdout)).toMatchObject(seen)
  })

  it('connects where --resolve says', async () => {
    const result = await client.exec(
      'curl',
      '-s',
      '--resolve',
      'shop.example:8000:10.96.0.30',
      'http://shop.example:8000/anything',
    )
    expect(JSON.parse(result.stdout)).toMatchObject({ headers: { Host: 'shop.example:8000' } })
  })

  it('writes headers with -i, and only headers with -I', async () => {
    expect((await client.exec('curl', '-si', 'httpbin:8000/status/403')).stdout).toMatch(/^HTTP\/1.1 403 Forbidden\r\n/)
    const { stdout } = await client.exec('curl', '-sI', 'httpbin:8000/get')
    expect(stdout).toMatch(/^HTTP\/1.1 200 OK\r\n.*\r\n\r\n$/s)
  })

  it('tells the conversation with -v', async () => {
    const { stderr } = await client.exec('curl', '-sv', 'httpbin:8000/ip')
    expect(stderr).toContain('* Connected to httpbin (10.96.0.30) port 8000')
    expect(stderr).toContain('> GET /ip HTTP/1.1\n> Host: httpbin:8000\n')
    expect(stderr).toContain('< HTTP/1.1 200 OK\n')
  })
})
