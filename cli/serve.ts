import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { parseArgs } from 'node:util'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { LabwrightError } from '../protocol/errors/error.ts'
import { serverError } from '../protocol/errors/server.ts'
import { DEFAULT_PORT, defaultDataFolder, parseConfig, type Config } from '../server/main/config.ts'
import { kubectlNote } from '../server/main/kubectl.ts'

const HELP = `Usage: labwright serve [options]

Serves the labs on this machine and prints one link. Ctrl-C stops the server; sessions go on when it is started again.

  --port N         port to listen on, 0 for any free one (default ${DEFAULT_PORT})
  --host H         address to listen on (default 127.0.0.1; others need bubblewrap)
  --data DIR       where sessions, files and grades are kept (default ${defaultDataFolder()})
  --labs DIR       folder with one folder a lab (default: the labs of Labwright)
  --provider NAME  what makes clusters: simulated
  --no-open        do not open the browser
`

interface Options {
  config: Config
  open: boolean
}

/** Serves until SIGTERM or SIGINT. Exit code 1 with one sentence on standard error when it cannot start. */
export async function run(args: string[]): Promise<number> {
  try {
    const options = readOptions(args)
    if (options === undefined) {
      console.log(HELP)
      return 0
    }
    return await serve(options)
  } catch (error) {
    if (!(error instanceof LabwrightError)) throw error
    console.error(`labwright: ${error.message} [${error.code}]`)
    return error.code === 'BAD_OPTION' ? 2 : 1
  }
}

function readOptions(args: string[]): Options | undefined {
  const { values } = parse(args)
  if (values.help === true) return undefined
  const port = values.port === undefined ? undefined : Number(values.port === '' ? Number.NaN : values.port)
  // dist/labwright.js, beside the other processes and the pages; the labs are beside dist/.
  const dist = path.dirname(fileURLToPath(import.meta.url)).replace(/[\\/]chunks$/, '')
  const config = parseConfig({
    port,
    host: values.host,
    data: values.data,
    labs: values.labs ?? path.join(dist, '..', 'labs'),
    dist,
    provider: values.provider as Config['provider'] | undefined,
  })
  return { config, open: values['no-open'] !== true }
}

function parse(args: string[]) {
  const string = { type: 'string' } as const
  const boolean = { type: 'boolean' } as const
  const options = {
    port: string,
    host: string,
    data: string,
    labs: string,
    provider: string,
    'no-open': boolean,
    help: { ...boolean, short: 'h' },
  }
  try {
    return parseArgs({ args, options })
  } catch (error) {
    const reason = (error as Error).message.split('. ')[0]!
    throw serverError('BAD_OPTION', { reason }, error)
  }
}

async function serve({ config, open }: Options): Promise<number> {
  const ended = new AbortController()
  const stop = () => ended.abort()
  process.once('SIGTERM', stop)
  process.once('SIGINT', stop)
  const { startServer } = await import('../server/main.ts')
  const server = await startServer(config, (sentence) => console.error(`labwright: ${sentence}`))
  const link = server.link()
  console.log(link)
  const note = kubectlNote()
  if (note !== undefined) console.error(`labwright: ${note}`)
  if (open) openBrowser(link)
  if (!ended.signal.aborted) await once(ended.signal, 'abort')
  await server.close()
  return 0
}

/** Opens the link where there is a display; a browser that is not there is no error, the link is printed. */
function openBrowser(link: string): void {
  const hasDisplay = Boolean(process.env['DISPLAY'] ?? process.env['WAYLAND_DISPLAY'])
  const command = process.platform === 'darwin' ? 'open' : hasDisplay ? 'xdg-open' : undefined
  if (command === undefined) return
  const browser = spawn(command, [link], { stdio: 'ignore', detached: true })
  browser.on('error', () => undefined)
  browser.unref()
}
