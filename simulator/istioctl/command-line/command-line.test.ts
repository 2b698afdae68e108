import { expect, test } from 'vitest'
import { readFacts } from '../../../test/support/facts.ts'
import { istioctl } from '../testing/run.ts'

interface Recorded {
  command: string
  exit: number
  stdout: string
  stderr: string
}

const rows: Recorded[] = readFacts('istio-1.31/cli.json').slice(1)

/** Commands that need no cluster. */
const offline = [
  'istioctl version --nope',
  'istioctl version -o xml',
  'istioctl version --vklog x',
  'istioctl proxy-config cluster web.shop --port x',
  'istioctl proxy-config cluster -f nofile',
  'istioctl nope',
  'istioctl instal',
  'istioctl profile list',
  'istioctl bug-report --nope',
  'istioctl kube-inject -f dep.yaml --dry-run',
  'istioctl x describe thing',
  'istioctl tag remove',
  'istioctl tag set canary',
  'istioctl manifest generate --set values.nope=1',
]

for (const command of offline) {
  test(command, async () => {
    const row = rows.find((one) => one.command === command || one.command.startsWith(`${command} |`))
    const outcome = await istioctl(command.split(' ').slice(1))
    expect(outcome.stderr.trimEnd()).toBe(row?.stderr.trimEnd())
    expect(outcome.exit).toBe(row?.exit)
  })
}

const helped = [
  'istioctl manifest',
  'istioctl proxy-config nope',
  'istioctl x nope',
  'istioctl x uninstall',
  'istioctl help',
]

for (const command of helped) {
  test(`${command} prints help and succeeds`, async () => {
    const { exit, stdout, stderr } = await istioctl(command.split(' ').slice(1))
    expect(stdout).toContain('Usage:')
    expect({ exit, stderr }).toEqual({ exit: 0, stderr: '' })
  })
}

test('version says that it is the practice build, after the usual line', async () => {
  const { stdout } = await istioctl(['version', '--remote=false'])
  expect(stdout.split('\n')[0]).toBe('client version: 1.31.0')
  expect(stdout).toContain('practice build')
})

test('what it cannot do it says in one sentence', async () => {
  const { exit, stderr } = await istioctl(['dashboard', 'grafana'])
  expect({ exit, stderr }).toEqual({
    exit: 1,
    stderr: 'Error: the practice build of istioctl has no dashboards to open\n',
  })
})

test.each([
  ['demo', 42],
  ['default', 39],
])('manifest generate makes as many objects as the real one: %s %i', async (profile, count) => {
  const { stdout } = await istioctl(['manifest', 'generate', '--set', `profile=${profile}`])
  expect(stdout.match(/^kind:/gm)?.length).toBe(count)
})
