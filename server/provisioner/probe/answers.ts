import type { ProbeAnswer } from '../../../protocol/probe.ts'

type Failure = NonNullable<ProbeAnswer['failure']>

/** curl's exit codes (man curl, EXIT CODES). */
const FAILURES: Record<number, Failure['kind']> = {
  6: 'dns',
  7: 'refused',
  18: 'reset',
  28: 'timeout',
  35: 'tls',
  52: 'empty',
  53: 'tls',
  54: 'tls',
  55: 'reset',
  56: 'reset',
  58: 'tls',
  59: 'tls',
  60: 'tls',
  77: 'tls',
  80: 'tls',
  83: 'tls',
  91: 'tls',
  92: 'reset',
}

/** What the script of a probe printed, the most frequent answer first. */
export function readAnswers(printed: string): ProbeAnswer[] {
  const lines = printed.split('\n').filter((line) => line !== '')
  const refusal = lines.find((line) => line.startsWith('refusal '))?.split(' ')[1]
  return lines
    .filter((line) => !line.startsWith('refusal '))
    .map((line) => readAnswer(line, refusal === undefined ? '' : decode(refusal)))
    .sort((a, b) => b.count - a.count)
}

function readAnswer(line: string, refusal: string): ProbeAnswer {
  const [count, code, status, message, body, head] = line.split(' ') as [string, string, string, string, string, string]
  const exitCode = Number(code)
  if (exitCode !== 0) return { count: Number(count), failure: failureOf(exitCode, decode(message), refusal) }
  return { count: Number(count), status: Number(status), body: decode(body), headers: headersOf(decode(head)) }
}

function failureOf(exitCode: number, message: string, refusal: string): Failure {
  const said = message === '' ? `curl ended with exit code ${exitCode}` : message
  // curl gives one code for all connections that failed, and does not say how.
  if (exitCode === 7 && /no route|unreachable/i.test(refusal))
    return { kind: 'unreachable', message: lastWords(refusal) }
  if (exitCode === 7 && /refused/i.test(refusal)) return { kind: 'refused', message: lastWords(refusal) }
  if (exitCode === 35 && /reset/i.test(message)) return { kind: 'reset', message: said }
  return { kind: FAILURES[exitCode] ?? 'unreachable', message: said }
}

/** `bash: connect: No route to host` */
const lastWords = (text: string) => text.trim().split('\n')[0]!.split(': ').at(-1)!

/** Of the last answer: one that says "go on" may stand before it. Names in lower case, as in HTTP/2. */
function headersOf(head: string): Record<string, string> {
  const last =
    head
      .trimEnd()
      .split(/\r?\n\r?\n/)
      .at(-1) ?? ''
  const headers: Record<string, string> = {}
  for (const line of last.split(/\r?\n/).slice(1)) {
    const colon = line.indexOf(':')
    if (colon < 1) continue
    const name = line.slice(0, colon).toLowerCase()
    const value = line.slice(colon + 1).trim()
    headers[name] = headers[name] === undefined ? value : `${headers[name]}, ${value}`
  }
  return headers
}

const decode = (text: string) => (text === '-' ? '' : Buffer.from(text, 'base64').toString())
