import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { connectApi, type ApiClient } from '../../../server/clusters/credentials.ts'
import { kindClusters, kindProvisioner } from '../../../server/clusters/kind/index.ts'
import type { Cluster, Identity } from '../../../server/clusters/provider.ts'
import { waitFor } from '../../support/waiting.ts'

const run = promisify(execFile)
const root = path.resolve(import.meta.dirname, '../../..')

export const LONG_MILLISECONDS = 240_000
export const soon = () => AbortSignal.timeout(LONG_MILLISECONDS)

/** A data folder with a provisioner of its own, and real clusters. */
export class KindWorld {
  readonly folder: string
  readonly command = [process.execPath, path.join(root, 'dist/provisioner.js')]

  constructor(folder: string) {
    this.folder = folder
  }

  static async create(): Promise<KindWorld> {
    return new KindWorld(await mkdtemp(path.join(os.tmpdir(), 'labwright-kind-')))
  }

  open() {
    return kindClusters({ command: this.command, dataFolder: this.folder })
  }

  /** Of the provisioner. */
  pid(): Promise<number | undefined> {
    return kindProvisioner({ command: this.command, dataFolder: this.folder }).pid()
  }

  async installation(): Promise<string> {
    return (await readFile(path.join(this.folder, 'kind/installation'), 'utf8')).trim()
  }

  async nodeOf(id: string): Promise<string> {
    return `lw-${await this.installation()}-${id}-control-plane`
  }

  /** What the engine has of this installation: containers and networks. */
  async left(): Promise<string[]> {
    const prefix = `name=lw-${await this.installation()}-`
    const containers = await docker('ps', '--all', '--filter', prefix, '--format', '{{.Names}}')
    const networks = await docker('network', 'ls', '--filter', prefix, '--format', '{{.Name}}')
    return `${containers}\n${networks}`.split('\n').filter((name) => name !== '')
  }

  async remove(): Promise<void> {
    const provider = this.open()
    for (const id of await provider.list()) await provider.delete(id)
    const pid = await this.pid()
    if (pid !== undefined) process.kill(pid, 'SIGTERM')
    await waitFor(async () => (await this.pid()) === undefined)
    await rm(this.folder, { recursive: true })
  }
}

export async function docker(...args: string[]): Promise<string> {
  return (await run('docker', args, { timeout: 60_000, maxBuffer: 1 << 24 })).stdout.trim()
}

/** An API of a cluster as somebody, until disposed. */
export function apiOf(cluster: Cluster, identity: Identity): ApiClient {
  return connectApi(cluster.credentials(identity))
}

export async function create(api: ApiClient, path: string, object: object): Promise<void> {
  const { status, body } = await api.request(path, { method: 'POST', body: JSON.stringify(object), signal: soon() })
  if (status >= 300) throw new Error(`POST ${path}: ${status} ${JSON.stringify(body)}`)
}

export async function get<T>(api: ApiClient, path: string): Promise<T> {
  const { status, body } = await api.request(path, { signal: AbortSignal.timeout(20_000) })
  if (status !== 200) throw new Error(`GET ${path}: ${status} ${JSON.stringify(body)}`)
  return body as T
}

/** A pod that runs bash with the node's own programs: every node has those, whatever images it has. */
export function bashPod(name: string, script: string, spec: object = {}): object {
  const mounts = { usr: '/usr', lib: '/usr/lib', lib64: '/usr/lib64' }
  const volumes = Object.entries(mounts).map(([volume, hostPath]) => ({ name: volume, hostPath: { path: hostPath } }))
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name },
    spec: {
      terminationGracePeriodSeconds: 0,
      containers: [
        {
          name: 'bash',
          image: 'registry.k8s.io/pause:3.10.1',
          imagePullPolicy: 'IfNotPresent',
          command: ['/usr/bin/bash', '-c', script],
          volumeMounts: volumes.map((volume) => ({ name: volume.name, mountPath: `/${volume.name}` })),
        },
      ],
      volumes,
      ...spec,
    },
  }
}
