import { writeFile } from 'node:fs/promises'
import { kubeconfig } from './apiserver/index.ts'
import { HostedCluster } from './host/cluster.ts'
import type { Api } from './kubernetes/index.ts'

export type { Api, KubeObject, NewObject } from './kubernetes/index.ts'

export interface StartClusterOptions {
  /** Loopback port; 0: any free one; absent: that of before, else any free one. */
  port?: number
  /** Where the cluster is kept; absent: in memory, gone when it stops. */
  dataDir?: string
  /** Random choices follow from it; a cluster that is kept has its own already. Default 1. */
  seed?: number
  /** A file that the kubeconfig is written to (mode 0600). */
  kubeconfig?: string
  /** Told of faults of the simulation: a controller that threw, a program that broke. Default: standard error. */
  report?: (error: unknown, about: string) => void
}

export interface RunningCluster {
  /** https://127.0.0.1:PORT */
  server: string
  port: number
  /** The text of a kubeconfig for the cluster's administrator. */
  kubeconfig: string
  /** The API in process. */
  api: Api
  stop(): Promise<void>
}

/**
 * Starts one embedded cluster in this process: a Kubernetes 1.34 API with everything that acts behind it.
 * Rejects with the system's error (`EADDRINUSE`) when the port is taken.
 */
export async function startCluster(options: StartClusterOptions = {}): Promise<RunningCluster> {
  const cluster = await HostedCluster.start({
    id: 'labwright',
    report: options.report ?? ((error, about) => console.error(`${about}:`, error)),
    ...(options.seed === undefined ? {} : { seed: options.seed }),
    ...(options.port === undefined ? {} : { port: options.port }),
    ...(options.dataDir === undefined ? {} : { folder: options.dataDir }),
  })
  const { server, port, certificateAuthority, tokens } = cluster.description
  const text = kubeconfig({ server, certificateAuthority, token: tokens.learner })
  try {
    if (options.kubeconfig !== undefined) await writeFile(options.kubeconfig, text, { mode: 0o600 })
  } catch (error) {
    await cluster[Symbol.asyncDispose]()
    throw error
  }
  return { server, port, kubeconfig: text, api: cluster.api, stop: () => cluster[Symbol.asyncDispose]() }
}
