import path from 'node:path'
import { holdDataFolder, makeDataFolder } from '../server/main/data-folder.ts'
import { portInUse } from '../server/main/listen.ts'
import { startCluster, type StartClusterOptions } from '../simulator/index.ts'
import { PORTS, readOptions, requireWritable, SEEDS, wholeNumber } from './command-line.ts'

export const usage = `Usage: labwright cluster [options]

Runs one embedded cluster in the foreground until Ctrl-C or SIGTERM.

  --kubeconfig FILE  write the administrator's kubeconfig there
  --port N           port of the API on loopback (default: that of before, else any free one)
  --data DIR         keep the cluster there, or take up the one that is there (default: in memory only)
  --seed N           random choices of a new cluster follow from it (default 1)

Exit code: 0 it was stopped, 1 it could not start, 2 the options are wrong.`

/** `labwright cluster`. */
export async function run(args: string[]): Promise<number> {
  const options = parse(args)
  const { kubeconfig, dataDir } = options
  const stopped = new Promise<void>((resolve) => {
    process.once('SIGTERM', resolve)
    process.once('SIGINT', resolve)
  })
  requireWritable('--kubeconfig', kubeconfig)
  if (dataDir === undefined) return serve(options, stopped)
  makeDataFolder(dataDir)
  let address = 'the address that it printed'
  // Two on one folder would write over each other's objects.
  const held = await holdDataFolder(dataDir, () => address)
  try {
    return await serve(options, stopped, (server) => (address = server))
  } finally {
    await held[Symbol.asyncDispose]()
  }
}

async function serve(
  options: StartClusterOptions,
  stopped: Promise<void>,
  onReady: (server: string) => void = () => undefined,
): Promise<number> {
  const { kubeconfig } = options
  const cluster = await startCluster(options).catch((error: NodeJS.ErrnoException & { port?: number }) => {
    if (error.code !== 'EADDRINUSE') throw error
    throw portInUse({ command: 'cluster', host: '127.0.0.1', port: error.port ?? options.port ?? 0 }, error)
  })
  onReady(cluster.server)
  console.log(`ready: ${cluster.server}${kubeconfig === undefined ? '' : `, kubeconfig in ${kubeconfig}`}`)
  const alive = setInterval(() => undefined, 2 ** 30)
  await stopped
  clearInterval(alive)
  await cluster.stop()
  return 0
}

function parse(args: string[]): StartClusterOptions {
  const text = { type: 'string' } as const
  const options = { kubeconfig: text, port: text, data: text, seed: text }
  const { kubeconfig, port, data, seed } = readOptions('cluster', { args, options }).values
  return {
    ...(kubeconfig === undefined ? {} : { kubeconfig }),
    ...(port === undefined ? {} : { port: wholeNumber('cluster', '--port', port, PORTS) }),
    ...(data === undefined ? {} : { dataDir: path.resolve(data) }),
    ...(seed === undefined ? {} : { seed: wholeNumber('cluster', '--seed', seed, SEEDS) }),
  }
}
