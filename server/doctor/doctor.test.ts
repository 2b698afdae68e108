import { expect, test } from 'vitest'
import { examine, thisMachine, type Finding, type Machine } from './index.ts'

const GIB = 2 ** 30
const places = { dataFolder: '/data', port: 7700 }
const kind = { sessions: 8, nodeImage: 'node:v1', workspaceImage: 'shells:v1' }

/** What a machine in good order answers; a test changes one thing. */
const files: Record<string, string> = {
  '/proc/sys/fs/inotify/max_user_instances': '1024',
  '/proc/sys/fs/inotify/max_user_watches': '524288',
  '/proc/sys/kernel/pid_max': '4194304',
  '/proc/filesystems': 'nodev\tproc\nnodev\toverlay\n\text4',
}
const info = {
  ServerVersion: '28.2.2',
  CgroupVersion: '2',
  CgroupDriver: 'systemd',
  Driver: 'overlay2',
  DockerRootDir: '/docker',
}

interface Change extends Partial<Machine> {
  /** Program (with its first word) -> what it answers. */
  answers?: Record<string, Awaited<ReturnType<Machine['run']>>>
  files?: Record<string, string>
}

function machine({ answers = {}, files: changed = {}, ...rest }: Change = {}): Machine {
  const said: NonNullable<Change['answers']> = { 'docker info': { output: JSON.stringify(info) }, ...answers }
  return {
    platform: 'linux',
    nodeVersion: '22.1.0',
    processors: 4,
    freeMemory: 16 * GIB,
    brought: [],
    run: async (command, [first]) => said[`${command} ${first}`] ?? said[command] ?? { output: `${command} 1` },
    read: (file) => ({ ...files, ...changed })[file],
    freeDisk: async () => 100 * GIB,
    isPortFree: async () => true,
    ...rest,
  }
}

const amiss = (findings: Finding[]) => findings.filter(({ state }) => state !== 'good')

test('a machine in good order has nothing amiss, for either provider', async () => {
  expect(amiss(await examine(machine(), places))).toEqual([])
  expect(amiss(await examine(machine(), places, kind))).toEqual([])
})

test('a tool that Labwright brings is not missed', async () => {
  const bare = machine({ answers: { helm: { missing: true } }, brought: ['helm'] })
  expect(amiss(await examine(bare, places))).toEqual([])
})

test.each<[string, Change, Pick<Finding, 'name' | 'state'>, RegExp]>([
  ['an old Node', { nodeVersion: '20.18.3' }, { name: 'node', state: 'bad' }, /20\.19/],
  ['no bubblewrap', { answers: { bwrap: { missing: true } } }, { name: 'bubblewrap', state: 'warning' }, /apt install/],
  [
    'bubblewrap that may not',
    { answers: { bwrap: { failed: 'no' } } },
    { name: 'bubblewrap', state: 'warning' },
    /namesp/,
  ],
  ['another system', { platform: 'darwin' }, { name: 'bubblewrap', state: 'warning' }, /this machine only/],
  ['no kubectl', { answers: { kubectl: { missing: true } } }, { name: 'kubectl', state: 'warning' }, /Install kubectl/],
  [
    'an old kubectl',
    { answers: { kubectl: { output: 'Client Version: v1.32.1\nKustomize Version: v5.5.0' } } },
    { name: 'kubectl', state: 'warning' },
    /1\.33 or newer/,
  ],
  ['a full disk', { freeDisk: async () => GIB / 2 }, { name: 'disk', state: 'bad' }, /--data/],
  ['a taken port', { isPortFree: async () => false }, { name: 'port', state: 'warning' }, /--port/],
])('%s', async (_, change, finding, todo) => {
  expect(amiss(await examine(machine(change), places))).toMatchObject([
    { ...finding, todo: expect.stringMatching(todo) },
  ])
})

const old = { ...info, CgroupVersion: '1', CgroupDriver: 'cgroupfs' }
test.each<[string, Change, (Pick<Finding, 'name' | 'state'> & { todo: RegExp })[]]>([
  [
    'no engine',
    { answers: { docker: { missing: true }, 'docker info': { missing: true } } },
    [{ name: 'engine', state: 'bad', todo: /docs\.docker\.com/ }],
  ],
  [
    'an engine that does not answer',
    { answers: { 'docker info': { failed: 'cannot connect' } } },
    [{ name: 'engine', state: 'bad', todo: /DOCKER_HOST/ }],
  ],
  [
    'a client that knows no engine',
    { answers: { 'docker info': { output: '{"ServerVersion":""}' } } },
    [{ name: 'engine', state: 'bad', todo: /Start Docker/ }],
  ],
  [
    'old control groups',
    { answers: { 'docker info': { output: JSON.stringify(old) } } },
    [{ name: 'cgroup', state: 'warning', todo: /unified_cgroup_hierarchy/ }],
  ],
  ['no kind', { answers: { kind: { missing: true } } }, [{ name: 'kind', state: 'bad', todo: /kind\.sigs/ }]],
  [
    'no images',
    { answers: { 'docker image': { failed: 'none' } } },
    [
      { name: 'node-image', state: 'bad', todo: /docker pull node:v1/ },
      { name: 'workspace-image', state: 'bad', todo: /labwright images build/ },
    ],
  ],
  ['memory for three', { freeMemory: 2 * GIB }, [{ name: 'memory', state: 'warning', todo: /fewer than 8/ }]],
  ['memory for none', { freeMemory: GIB / 4 }, [{ name: 'memory', state: 'bad', todo: /fewer than 8/ }]],
  [
    'few process ids',
    { files: { '/proc/sys/kernel/pid_max': '16384' } },
    [{ name: 'pids', state: 'warning', todo: /sysctl -w kernel\.pid_max/ }],
  ],
  [
    'few inotify instances',
    { files: { '/proc/sys/fs/inotify/max_user_instances': '128' } },
    [{ name: 'inotify-instances', state: 'warning', todo: /sysctl -w fs\.inotify\.max_user_instances=1024/ }],
  ],
  ['no overlayfs', { files: { '/proc/filesystems': '\text4' } }, [{ name: 'overlay', state: 'bad', todo: /modprobe/ }]],
])('for kind: %s', async (_, change, expected) => {
  const found = amiss(await examine(machine(change), places, kind))
  expect(found).toMatchObject(expected.map((one) => ({ ...one, todo: expect.stringMatching(one.todo) })))
})

test('the real machine answers every question, and a port that somebody listens on is not free', async () => {
  const findings = await examine(thisMachine(), { dataFolder: '/nowhere/yet', port: 0 }, kind)
  expect(findings.map(({ name }) => name)).toEqual(expect.arrayContaining(['node', 'disk', 'engine', 'kind', 'memory']))
  for (const { seen, todo, state } of findings) {
    expect(seen).toMatch(/\w/)
    expect(todo === undefined).toBe(state === 'good')
  }
})
