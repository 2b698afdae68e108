import { parseArgs } from 'node:util'
import { serverError } from '../protocol/errors/server.ts'
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
  if (typeof options === 'string') {
    console.error(options)
    return options === usage ? 0 : 2
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
    const taken = (error as NodeJS.ErrnoException).code === 'EADDRINUSE'
    const shown = taken
      ? serverError('PORT_IN_USE', { port: String(port), host: '127.0.0.1' }, error)
      : (error as Error)
    console.error(`labwright: ${shown.message}${taken ? ' (PORT_IN_USE)' : ''}`)
    return 1
  }
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
    if (values.port !== undefined) options.port = wholeNumber('--port', values.port, 65_535)
    if (values.seed !== undefined) options.seed = wholeNumber('--seed', values.seed, 2 ** 32 - 1)
    if (values.data !== undefined) options.dataDir = values.data
    if (values.kubeconfig !== undefined) options.kubeconfig = values.kubeconfig
    return options
  } catch (error) {
    return `labwright cluster: ${(error as Error).message}\n\n${usage}`
  }
}

function wholeNumber(option: string, text: string, highest: number): number {
  const number = Number(text)
  if (/^\d+$/.test(text) && number <= highest) return number
  throw new Error(`${option} takes a whole number from 0 to ${highest}, not "${text}".`)
}
