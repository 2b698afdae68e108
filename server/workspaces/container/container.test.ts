import { mkdir, mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { systemClock } from '../../../protocol/clock.ts'
import type { WorkspaceProvider } from '../provider.ts'
import { TerminalHost } from '../terminal-host/host.ts'
import type { TerminalHosts } from '../terminal-host/index.ts'
import { AGENT_SOCKET, DOWNLOADS_SOCKET } from '../terminal-host/shared-folder.ts'
import { createContainerWorkspaces } from './container.ts'

/** Containers whose host is one of this process: what the server does about them. */
let folder: string
/** Of each cluster. */
let hosts: Map<string, TerminalHost>
let orders: object[]
let removed: string[]
/** How many containers were made when one was removed. */
let madeBefore: number[]
let made: number
/** What the making of a container waits for. */
let held: Promise<void> | undefined
let workspaces: WorkspaceProvider
let terminals: TerminalHosts
let isOver: boolean
/** What answers in the container of an order: ours, or what an earlier version of Labwright left. */
let answers: (cluster: string, order: { renew?: boolean }) => (socket: Socket) => void

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'containers-'))
  hosts = new Map()
  isOver = false
  orders = []
  removed = []
  madeBefore = []
  made = 0
  held = undefined
  answers = (cluster) => (socket) => hosts.get(cluster)!.accept(socket)
  await open()
})
afterEach(async () => {
  isOver = true
  await close()
  for (const host of hosts.values()) host.close()
  await rm(folder, { recursive: true })
})

async function open(): Promise<void> {
  ;({ workspaces, terminals } = await createContainerWorkspaces({
    dataFolder: folder,
    mirrors: {},
    toolboxes: {
      async createToolbox(cluster, order) {
        orders.push({ cluster, ...order })
        const shared = path.join(folder, cluster)
        const home = homeOf(cluster)
        await mkdir(shared, { recursive: true })
        await mkdir(home, { recursive: true })
        if (!hosts.has(cluster)) hosts.set(cluster, new TerminalHost(systemClock, { stop: () => {}, home }))
        call(path.join(shared, AGENT_SOCKET), answers(cluster, order))
        await held
        made += 1
        return { folder: shared, nodes: ['node'] }
      },
      async removeToolbox(cluster) {
        removed.push(cluster)
        madeBefore.push(made)
      },
    },
    log: (error) => console.error(error),
  }))
}
async function close(): Promise<void> {
  await terminals.close(false)
  await workspaces.close()
}

/** Calls until the door is open, as what runs in a container does. */
function call(file: string, answer: (socket: Socket) => void): void {
  const socket = connect(file)
  socket.once('connect', () => answer(socket))
  socket.once('error', () => !isOver && setTimeout(() => call(file, answer), 20))
}

const request = { id: 's1', kubeconfig: 'one\n', mirrors: [], cluster: 'c1' }
const homeOf = (cluster: string) => path.join(folder, `home of ${cluster}`)
const config = (cluster = 'c1') => readFile(path.join(homeOf(cluster), '.kube/config'), 'utf8')

test('a workspace is a container beside its cluster, with the credentials in its home', async () => {
  expect(await workspaces.create(request)).toEqual({ id: 's1', sandboxed: true, notes: [] })
  expect(orders).toEqual([{ cluster: 'c1', session: 's1' }])
  expect(await config()).toBe('one\n')
  expect(workspaces.shell('s1').environment['no_proxy']).toMatch(/^127\.0\.0\.1,localhost,::1,node,/)
})

test('after a restart of the server it is taken up, and can be ended without that', async () => {
  await workspaces.create(request)
  const before = workspaces.shell('s1').environment
  await close()
  await open()
  expect(() => workspaces.shell('s1')).toThrow('not there yet')
  await workspaces.create(request)
  expect(workspaces.shell('s1').environment).toEqual(before)
  await close()
  await open()
  await workspaces.delete('s1')
  expect(removed).toEqual(['c1'])
})

test('a host of an earlier version is replaced, once', async () => {
  const earlier = { type: 'welcome', version: 1, pid: 1, terminals: [] }
  answers = (cluster, { renew }) =>
    renew === true
      ? (socket) => hosts.get(cluster)!.accept(socket)
      : (socket) => {
          const body = Buffer.from(JSON.stringify(earlier))
          const head = Buffer.alloc(5)
          head.writeUInt32BE(body.length)
          socket.write(Buffer.concat([head, body]))
        }
  await workspaces.create(request)
  expect(orders).toEqual([
    { cluster: 'c1', session: 's1' },
    { cluster: 'c1', session: 's1', renew: true },
  ])
  expect(await config()).toBe('one\n')
})

test('a session whose cluster is another one now has another container', async () => {
  await workspaces.create(request)
  await workspaces.create({ ...request, cluster: 'c2', kubeconfig: 'two\n' })
  expect(orders.at(-1)).toEqual({ cluster: 'c2', session: 's1' })
  expect([await config('c1'), await config('c2')]).toEqual(['one\n', 'two\n'])
  await workspaces.delete('s1')
  expect(removed).toEqual(['c2'])
})

test('a container that is being brought back goes with its session, and leaves nothing', async () => {
  const sockets: Socket[] = []
  answers = (cluster) => (socket) => {
    sockets.push(socket)
    hosts.get(cluster)!.accept(socket)
  }
  await workspaces.create(request)
  let go = () => {}
  held = new Promise((resolve) => (go = resolve))
  for (const socket of sockets) socket.destroy()
  await vi.waitFor(() => expect(orders).toHaveLength(2), 10_000)
  const deleted = workspaces.delete('s1')
  // Longer than it takes where nobody waits for the container.
  setTimeout(go, 200)
  await deleted
  expect([removed, madeBefore]).toEqual([['c1'], [2]])
  await expect(stat(path.join(folder, 'workspaces/s1'))).rejects.toThrow('ENOENT')
  expect(() => workspaces.shell('s1')).toThrow('not there yet')
  const downloads = connect(path.join(folder, 'c1', DOWNLOADS_SOCKET))
  const outcome = new Promise((resolve) => downloads.once('error', resolve).once('connect', resolve))
  expect(await outcome).toMatchObject({ code: 'ENOENT' })
}, 15_000)
