import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { open } from 'node:fs/promises'
import type { Verdict } from '../../protocol/verdict.ts'
import { kubeconfigOf, type Credentials } from '../clusters/index.ts'
import { sentenceOf, startLimited } from './limited-process.ts'
import { lastPart, readable } from './output.ts'

/** Address space of a script and each of its children: a Go program reserves much more than it uses. */
const MEMORY_KIBIBYTES = 4 * 1024 * 1024
/** Largest file that a script may write. */
const FILE_KIBIBYTES = 256 * 1024
/** Exit codes by which a shell says that it could not run a command: not executable, not found. */
const COULD_NOT_RUN = new Set([126, 127])

export interface ShellCheck {
  /** The lab's folder, and the script's path in it. */
  folder: string
  script: string
  /** Folders before those of this process's PATH. */
  toolFolders: readonly string[]
  credentials: Credentials
  timeoutMilliseconds: number
  signal: AbortSignal
}

/** Exit 0 is met; other exits are unmet, with the output as reason; a script that could not run or did not end is broken. */
export async function runShellCheck(check: ShellCheck): Promise<Omit<Verdict, 'milliseconds'>> {
  const place = await mkdtemp(path.join(os.tmpdir(), 'labwright-check-'))
  try {
    const kubeconfig = path.join(place, 'kubeconfig')
    const folder = path.join(place, 'work')
    await mkdir(folder)
    await writeFile(kubeconfig, kubeconfigOf(check.credentials, 'grader'), { mode: 0o600 })
    return await run(check, folder, kubeconfig)
  } finally {
    await rm(place, { recursive: true, force: true })
  }
}

async function run(check: ShellCheck, folder: string, kubeconfig: string): Promise<Omit<Verdict, 'milliseconds'>> {
  const script = path.resolve(check.folder, check.script)
  const limits = `ulimit -v ${MEMORY_KIBIBYTES} -f ${FILE_KIBIBYTES} 2>/dev/null; exec "$@"`
  const limited = startLimited('bash', {
    arguments: ['-c', limits, 'check', ...(await interpreterOf(script)), script],
    folder,
    environment: {
      PATH: [...check.toolFolders, process.env['PATH'] ?? '/usr/local/bin:/usr/bin:/bin'].join(path.delimiter),
      HOME: folder,
      TMPDIR: folder,
      LANG: 'C.UTF-8',
      KUBECONFIG: kubeconfig,
    },
  })
  limited.limit(check.timeoutMilliseconds, check.signal)
  const ending = await limited.ended
  const output = lastPart(readable(limited.output()))
  const evidence: Verdict['evidence'] = output === '' ? [] : [{ kind: 'output', text: output }]
  if (ending.kind !== 'exit')
    return { state: 'broken', ...sentenceOf(ending, check.timeoutMilliseconds / 1000), evidence }
  if (COULD_NOT_RUN.has(ending.code))
    return {
      state: 'broken',
      code: 'check-command-missing',
      reason: `The check could not run one of its commands (exit code ${ending.code}).`,
      evidence,
    }
  if (ending.code === 0)
    return { state: 'met', code: 'script-passed', reason: output === '' ? 'The check passed.' : output, evidence: [] }
  const silent = `The check said no (exit code ${ending.code}) without a reason.`
  return { state: 'unmet', code: 'script-failed', reason: output === '' ? silent : output, evidence: [] }
}

/** The interpreter of the script's first line, bash where there is none. */
async function interpreterOf(script: string): Promise<string[]> {
  const file = await open(script)
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(256), 0, 256, 0)
    const line = /^#!\s*([^\r\n]+)/.exec(buffer.subarray(0, bytesRead).toString())
    return line?.[1]?.trim().split(/\s+/) ?? ['bash']
  } finally {
    await file.close()
  }
}
