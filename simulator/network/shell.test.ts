import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { systemClock, type ContainerStreams } from '../kubernetes/index.ts'
import { ExecutableNotFound } from '../programs/index.ts'
import { collect, TestCluster, type TestPod } from './testing/cluster.ts'

let cluster: TestCluster
let box: TestPod

beforeAll(() => {
  cluster = new TestCluster({ clock: systemClock })
  box = cluster.pod({
    name: 'box',
    image: 'nicolaka/netshoot',
    command: ['sleep', 'infinity'],
    env: { GREETING: 'hello' },
  })
  const web = cluster.pod({ name: 'web', image: 'nginx', files: { '/usr/share/nginx/html/page.txt': 'a page\n' } })
  cluster.service({ name: 'web', clusterIP: '10.96.0.40', ports: [{ port: 80 }], to: [web] })
})

afterAll(() => cluster[Symbol.dispose]())

async function* bytes(...chunks: string[]): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) yield Buffer.from(chunk)
}

describe('a command without a terminal', () => {
  it.each([
    ['echo one; echo two >&2', 0, 'one\n', 'two\n'],
    ['exit 7', 7, '', ''],
    ['nosuch', 127, '', 'sh: nosuch: not found\n'],
    ['x=$(sh -c "echo inner"); echo "got $x"', 0, 'got inner\n', ''],
    ['for i in 1 2; do echo $i; done | wc -l', 0, '2\n', ''],
    ['echo $GREETING $HOSTNAME', 0, 'hello box\n', ''],
    ['env A=1 sh -c "echo \\$A"', 0, '1\n', ''],
    ['echo x > /tmp/f; cat /tmp/f; echo y 2>/dev/null', 0, 'x\ny\n', ''],
    ['curl -s -o /dev/null -w "%{http_code}\\n" web', 0, '200\n', ''],
    ['curl -s web/page.txt', 0, 'a page\n', ''],
    ['wget -qO- web/page.txt', 0, 'a page\n', ''],
    ['wget -q web/nothing', 1, '', 'wget: server returned error: HTTP/1.1 404 Not Found\n'],
    ['dig +short web.default.svc.cluster.local', 0, '10.96.0.40\n', ''],
    ['dig +short web', 0, '', ''],
    ['getent hosts web', 0, '10.96.0.40      web.default.svc.cluster.local\n', ''],
    ['nc -zv web 80', 0, '', 'web (10.96.0.40:80) open\n'],
    ['nc -z localhost 9', 1, '', ''],
    ['grep nameserver /etc/resolv.conf', 0, 'nameserver 10.96.0.10\n', ''],
    ['while false; do :; done; echo $?', 0, '0\n', ''],
    ['seq 20 | tail -n 2', 0, '19\n20\n', ''],
    ['id -u; whoami; hostname -i', 0, '0\nroot\n10.244.0.2\n', ''],
  ])('sh -c %j', async (script, exitCode, stdout, stderr) => {
    expect(await box.exec('sh', '-c', script)).toEqual({ exitCode, stdout, stderr })
  })

  it('is not found when the image does not have it', async () => {
    await expect(box.exec('nosuch')).rejects.toThrow(ExecutableNotFound)
    await expect(box.exec('nosuch')).rejects.toThrow('exec: "nosuch": executable file not found in $PATH')
    const bare = cluster.pod({ name: 'bare', image: 'mccutchen/go-httpbin' })
    await expect(bare.exec('sh')).rejects.toThrow('exec: "sh": executable file not found in $PATH')
    const old = cluster.pod({ name: 'busy', image: 'busybox', command: ['sleep', '1d'] })
    await expect(old.exec('curl', 'web')).rejects.toThrow('exec: "curl"')
    expect((await old.exec('sh', '-c', 'curl web')).stderr).toBe('sh: curl: not found\n')
  })

  it('reads a script and data from standard input', async () => {
    const script = await collect((streams) => box.shell.exec(['sh'], streams), {
      stdin: bytes('echo one\n', 'exit 3\n'),
    })
    expect(script).toEqual({ exitCode: 3, stdout: 'one\n', stderr: '' })
    const data = await collect((streams) => box.shell.exec(['sh', '-c', 'wc -c'], streams), { stdin: bytes('12345') })
    expect(data.stdout.trim()).toBe('5')
  })

  it('packs and unpacks as kubectl cp asks', async () => {
    await box.exec('sh', '-c', 'mkdir -p /data && echo content > /data/file')
    const packed: Uint8Array[] = []
    const take: ContainerStreams['stdout'] = (chunk) => void packed.push(chunk)
    await collect((streams) => box.shell.exec(['tar', 'cf', '-', '/data/file'], { ...streams, stdout: take }))
    async function* archive(): AsyncGenerator<Uint8Array> {
      yield* packed
    }
    const run = await collect((streams) => box.shell.exec(['tar', '-xmf', '-', '-C', '/tmp'], streams), {
      stdin: archive(),
    })
    expect(run).toEqual({ exitCode: 0, stdout: '', stderr: '' })
    const names = await collect((streams) => box.shell.exec(['tar', 'tf', '-'], streams), { stdin: archive() })
    expect(names.stdout).toBe('data/file\n')
    expect((await box.exec('cat', '/tmp/data/file')).stdout).toBe('content\n')
  })

  it.each([
    ['shows what a loop writes while it runs', 'while true; do echo turn; sleep 0.02; done', /^(turn\n)+$/],
    ['ends a busy loop that never waits', 'while :; do :; done', /^$/],
    ['ends a busy loop inside a substitution', 'x=$(while :; do :; done)', /^$/],
  ])('%s, until its client goes', async (_, script, written) => {
    const client = new AbortController()
    setTimeout(() => client.abort(), 150)
    const seen: string[] = []
    const stdout = (chunk: Uint8Array): void => void seen.push(Buffer.from(chunk).toString())
    const run = await collect((streams) => box.shell.exec(['sh', '-c', script], { ...streams, stdout }), {
      signal: client.signal,
    })
    expect(run.exitCode).toBe(137)
    expect(seen.join('')).toMatch(written)
  })
})

describe('a main process', () => {
  it('is a script whose output is the log', async () => {
    const job = cluster.pod({ name: 'job', image: 'busybox', command: ['sh', '-c', 'echo one; echo two; exit 5'] })
    expect(await job.exitCode).toBe(5)
    expect(job.logs).toEqual(['one', 'two'])
  })

  it('ends with 143 when it is told to', async () => {
    const idle = cluster.pod({ name: 'idle', image: 'curlimages/curl', args: ['sleep', 'infinity'] })
    idle.stop()
    expect(await idle.exitCode).toBe(143)
  })

  it('writes a line for each request it served', async () => {
    const web = cluster.pod({ name: 'logged', image: 'nginx:1.29' })
    await box.exec('curl', '-s', web.network.ip)
    expect(web.logs.at(-1)).toMatch(/^10\.244\.0\.2 - - \[.*\] "GET \/ HTTP\/1\.1" 200 \d+ "-" "curl\/8/)
  })
})
