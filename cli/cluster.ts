import { parseArgs } from 'node:util'
import { HIGHEST_SEED, wholeNumber } from './options.ts'
import { portInUse } from '../server/main/listen.ts'
import { startCluster } from '../simulator/index.ts'

const usage = `Usage: labwright cluster [--kubeconfig FILE] [--port N] [--data DIR] [--seed N]

Runs one embedded cluster in the foreground until Ctrl-C or SIGTERM.

  --kubeconfig FILE  write the administrator's kubeconfig there
  --port N           port of the API on loopback (default: any free one)
  --data DIR         keep the cluster there (default: in memory only)
  --seed N           random choices follow from it (default 1)`

/** `labwright cluster`. @returns 0 after a clean stop, 1 when it could not start, 2 for wrong options */
export async function run(args: string[]): Promise<number> {
  const options = parse(args)
  if (options === usage) {
    console.log(usage)
    return 0
  }
  if (typeof options === 'string') {
    console.error(options)
    return 2
  }
  const { port, kubeconfig } = options
  const stopped = new Promise<void>((resolve) => {
    process.once('SIGTERM', resolve)
    process.once('SIGINT', resolve)
  })
  try {
    const cluster = await startCluster(options)
    console.log(`ready: ${cluster.server}${kubeconfig === undefined ? '' : `, kubeconfig in ${kubeconfig}`}`)
    const alive = setInterval(() => undefined, 2 ** 30)
    await stopped
    clearInterval(alive)
    await cluster.stop()
    return 0
  } catch (error) {
    console.error(`labwright cluster: ${sentenceOf(error, port)}`)
    return 1
  }
}

function sentenceOf(error: unknown, port = 0): string {
  if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') return (error as Error).message
  const taken = portInUse({ command: 'cluster', host: '127.0.0.1', port }, error)
  return `${taken.message} [${taken.code}]`
}

interface Options {
  port?: number
  seed?: number
  dataDir?: string
  kubeconfig?: string
}

function parse(args: string[]): Options | string {
  try {
    const { values } = parseArgs({
      args,
      options: {
        kubeconfig: { type: 'string' },
        port: { type: 'string' },
        data: { type: 'string' },
        seed: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    })
    if (values.help) return usage
    const options: Options = {}
    if (values.port !== undefined) options.port = wholeNumber('--port', values.port, { highest: 65_535 })
    if (values.seed !== undefined) options.seed = wholeNumber('--seed', values.seed, { highest: HIGHEST_SEED })
    if (values.data !== undefined) options.dataDir = values.data
    if (values.kubeconfig !== undefined) options.kubeconfig = values.kubeconfig
    return options
  } catch (error) {
    return `labwright cluster: ${(error as Error).message}\n\n${usage}`
  }
}
