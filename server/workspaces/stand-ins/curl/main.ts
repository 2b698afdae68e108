import path from 'node:path'
import packageJson from '../../../../package.json' with { type: 'json' }
import { CERTIFICATE_HELP, CurlError } from './errors.ts'
import { Options } from './options.ts'
import { Output } from './output.ts'
import { transfer } from './transfer.ts'
import { type Report, writeOut } from './write-out.ts'

const TRY = "curl: try 'curl --help' or 'curl --manual' for more information\n"
const ABOUT = `curl stand-in of Labwright ${packageJson.version}: HTTP and HTTPS as lessons use them, for machines without curl`

/** A program for shells on machines that have no curl: the options that lessons use, curl's messages and exit codes. */
async function main(argv: string[]): Promise<number> {
  let options: Options
  try {
    options = new Options(argv)
  } catch (error) {
    process.stderr.write(`curl: ${(error as Error).message}\n${TRY}`)
    return error instanceof CurlError ? error.exitCode : 2
  }
  if (options.has('version') || options.has('help')) {
    process.stdout.write(options.has('version') ? `${ABOUT}\n` : `${ABOUT}\nUsage: curl [options...] <url>\n`)
    return 0
  }
  if (options.urls.length === 0) {
    process.stderr.write(TRY)
    return 2
  }
  let exitCode = 0
  for (const [index, url] of options.urls.entries()) exitCode = await one(url, index, options)
  return exitCode
}

async function one(url: string, index: number, options: Options): Promise<number> {
  const where = options.outputs[index]
  const file = typeof where === 'object' ? remoteName(url) : where
  if (file === '') return failed(new CurlError(23, 'Remote file name has no length'), options)
  const output = new Output(file)
  const report = await transfer(url, options, output)
  try {
    await output.end()
  } catch (error) {
    Object.assign(report, { exitCode: 23, error: (error as Error).message })
  }
  const silent = options.has('silent') || options.has('no-progress-meter') || options.has('verbose')
  if (!silent && report.exitCode === 0 && !output.isTerminal) process.stderr.write(meter(report))
  if (report.exitCode !== 0) failed(new CurlError(report.exitCode, report.error), options)
  const format = options.last('write-out')
  if (format !== undefined)
    process.stdout.write(writeOut(format, report, (sentence) => process.stderr.write(`curl: ${sentence}\n`)))
  return report.exitCode
}

function failed({ exitCode, message }: CurlError, options: Options): number {
  if (!options.has('silent') || options.has('show-error'))
    process.stderr.write(`curl: (${exitCode}) ${message}\n${exitCode === 60 ? CERTIFICATE_HELP : ''}`)
  return exitCode
}

function remoteName(url: string): string {
  return path.posix.basename(url.replace(/^\w+:\/\/[^/]*/, '').replace(/[?#].*$/, ''))
}

/** The last state of curl's progress meter. */
function meter({ downloaded, times }: Report): string {
  const total = Math.round(times.total)
  const clock = `${Math.floor(total / 3600)}:${String(Math.floor(total / 60) % 60).padStart(2, '0')}:${String(total % 60).padStart(2, '0')}`
  const speed = times.total === 0 ? downloaded : Math.round(downloaded / times.total)
  const size = String(downloaded).padStart(5)
  return (
    '  % Total    % Received % Xferd  Average Speed   Time    Time     Time  Current\n' +
    '                                 Dload  Upload   Total   Spent    Left  Speed\n' +
    `100 ${size}  100 ${size}    0     0  ${String(speed).padStart(5)}      0 --:--:--  ${clock} --:--:-- ${String(speed).padStart(5)}\n`
  )
}

// A reader that went away (curl ... | head) is curl's error 23.
process.stdout.on('error', () => process.exit(23))
process.exitCode = await main(process.argv.slice(2))
