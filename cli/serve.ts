import { spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { DEFAULT_PORT, defaultDataFolder, parseConfig, type Config } from '../server/main/config.ts'
import { kubectlNote } from '../server/main/kubectl.ts'
import { badOption, PORTS, readOptions, wholeNumber } from './command-line.ts'

export const usage = `Usage: labwright serve [options]

Serves the labs on this machine and prints one link. Ctrl-C stops the server; sessions go on when it is started again.

  --port N         port to listen on, 0 for any free one (default ${DEFAULT_PORT})
  --host H         address to listen on (default 127.0.0.1; others need bubblewrap)
  --data DIR       where sessions, files, clusters and grades are kept (default ${defaultDataFolder()})
  --labs DIR       folder with one folder a lab (default: the labs of Labwright)
  --provider NAME  what makes clusters: simulated (default), or kind, which needs Docker
  --spares WHAT    of kind: prepared clusters that wait, LAB=N or LAB=N@HH:MM-HH:MM; may stand several times
  --no-open        do not open the browser

Exit code: 0 it was stopped, 1 it could not start, 2 the options are wrong.`

interface Options {
  config: Config
  open: boolean
}

/** `labwright serve`: serves until SIGTERM or SIGINT. */
export function run(args: string[]): Promise<number> {
  return serve(parse(args))
}

function parse(args: string[]): Options {
  const text = { type: 'string' } as const
  const options = {
    port: text,
    host: text,
    data: text,
    labs: text,
    provider: text,
    spares: { type: 'string', multiple: true },
    'no-open': { type: 'boolean' },
  } as const
  const { values } = readOptions('serve', { args, options })
  if (values.spares !== undefined && values.provider !== 'kind')
    throw badOption('serve', '--spares is for clusters that take their time: name --provider kind as well')
  // dist/labwright.js, beside the other processes and the pages; the labs are beside dist/.
  const dist = path.dirname(fileURLToPath(import.meta.url)).replace(/[\\/]chunks$/, '')
  const config = parseConfig({
    port: values.port === undefined ? undefined : wholeNumber('serve', '--port', values.port, PORTS),
    host: values.host,
    data: values.data,
    labs: values.labs ?? path.join(dist, '..', 'labs'),
    dist,
    provider: values.provider as Config['provider'] | undefined,
    spares: values.spares,
  })
  return { config, open: values['no-open'] !== true }
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
  // Shells beside real clusters have theirs in their image.
  const note = config.provider === 'kind' ? undefined : kubectlNote()
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
