import { createCredentials } from '../../../simulator/apiserver/index.ts'
import { readFacts } from '../../support/facts.ts'
import type { Ran, Shell } from '../../support/shell.ts'
import { normalForm } from './normal-form.ts'

interface Step {
  name?: string
  command?: string
  hidden?: string
  stdin?: string
  env?: Record<string, string>
}

export interface RecordedCase extends Ran {
  name: string
  command: string
}

const FOLDER = 'kubernetes-1.34/kubectl'

/** What a real kubectl printed on a real cluster. */
export const recordedCases = readFacts(`${FOLDER}/cases.json`) as unknown as RecordedCase[]

/** Commands that change nothing: they may run side by side, and need not run when nobody recorded their output. */
const READS =
  /^kubectl (get|describe|explain|version|api-|auth|cluster-info|config (current|get)|events|top|logs|diff|plugin|options|completion|kustomize|wait (deploy|pods)|rollout history)\b|--dry-run|--local/
const TOGETHER = 4

/** A command that hangs must not hold up the others. */
const LONGEST_MS = 60_000

/**
 * What has another name on our cluster. The recorded node ran nothing and called every container running: where an image would end at
 * once (busybox without a command), one stands for it that stays.
 */
const renamed = (shell: Shell): [theirs: string, ours: string][] => [
  ['node-0', shell.cluster.api.list('nodes')[0]!.metadata.name],
  ['https://127.0.0.1:28443', shell.cluster.server],
  ['busybox:1.36', 'pause:1.36'],
]

const certificate = (): Record<string, string> => {
  const { server } = createCredentials(Date.now())
  return { 'tls.crt': server.certificate, 'tls.key': server.key }
}

/** Types the recorded script into a shell, in its order, and returns what was printed by name. */
export async function replay(shell: Shell): Promise<Map<string, Ran>> {
  const names = renamed(shell)
  const toOurs = (text: string): string => names.reduce((rest, [theirs, ours]) => rest.replaceAll(theirs, ours), text)
  const toTheirs = (text: string): string => names.reduce((rest, [theirs, ours]) => rest.replaceAll(ours, theirs), text)
  const files = readFacts(`${FOLDER}/files.json`) as unknown as Record<string, string>
  for (const [name, text] of Object.entries(files)) files[name] = toOurs(text)
  await shell.write({ ...files, ...certificate() })
  const recorded = new Set(recordedCases.map(({ name }) => name))
  const script = (readFacts(`${FOLDER}/script.json`) as unknown as Step[]).filter(
    ({ name, command }) => command === undefined || recorded.has(name!) || !READS.test(command),
  )
  const printed = new Map<string, Ran>()
  const run = async ({ name, command, hidden, stdin, env }: Step): Promise<void> => {
    const ran = await shell.run(toOurs(command ?? hidden!), {
      timeout: LONGEST_MS,
      ...(stdin !== undefined && { stdin }),
      ...(env && { env }),
    })
    if (name !== undefined) printed.set(name, { ...ran, stdout: toTheirs(ran.stdout), stderr: toTheirs(ran.stderr) })
  }
  let reads: Step[] = []
  for (const step of [...script, undefined]) {
    const isRead = step?.command !== undefined && READS.test(step.command)
    if (isRead) reads.push(step)
    if (isRead && reads.length < TOGETHER) continue
    await Promise.all(reads.map(run))
    reads = []
    if (step && !isRead) await run(step)
  }
  return printed
}

/** A run as the table compares it. */
export const comparable = ({ exit, stdout, stderr }: Ran): string =>
  `exit ${exit}\n${normalForm(stdout)}--- stderr\n${normalForm(stderr)}`
