import path from 'node:path'
import { labError } from '../../../protocol/errors/lab.ts'
import type { Hint, Lab, Step, Task } from '../../../protocol/lab.ts'
import { verifiers } from '../../../verifiers/index.ts'
import { imagesOfLab, withTag } from '../images.ts'
import { renderStep } from '../render/index.ts'
import { labVersion, readLabFile, readLabText, type ReadLab } from './read.ts'

/**
 * Loads a lab in the native format: lab.yaml, one markdown file a step, and what they name.
 * @throws a `labError` that says file, line, what is wrong and how to mend it
 */
export async function loadNativeLab(folder: string): Promise<Lab> {
  const read = await readLabFile(folder)
  const { file, where } = read
  noDuplicates('step', file.steps, (index) => where(['steps', index, 'id']))
  noDuplicates('task', file.tasks, (index) => where(['tasks', index, 'id']))
  const steps = await Promise.all(
    file.steps.map(async (step, index): Promise<Step> => {
      const text = await readLabText(folder, step.text, where(['steps', index, 'text']))
      return { id: step.id, title: step.title, ...(await renderStep(text)) }
    }),
  )
  const tasks = await Promise.all(file.tasks.map((_, index) => readTask(folder, read, index)))
  checkPlaces(read, steps)
  await Promise.all(file.setup.map((manifest, index) => readLabText(folder, manifest, where(['setup', index]))))
  return {
    id: path.basename(folder),
    title: file.title,
    summary: file.summary,
    minutes: file.minutes,
    version: await labVersion(folder),
    folder: path.resolve(folder),
    cluster: file.cluster,
    mirrors: file.mirrors,
    setup: file.setup,
    images: (await imagesOfLab(folder)).map(withTag),
    steps,
    tasks,
  }
}

async function readTask(folder: string, { file, where }: ReadLab, index: number): Promise<Task> {
  const task = file.tasks[index]!
  if (task.until !== undefined && !file.steps.some((step) => step.id === task.until))
    throw labError('LAB_STEP_UNKNOWN', { where: where(['tasks', index, 'until']), step: task.until })
  if ('shell' in task.check) await readLabText(folder, task.check.shell, where(['tasks', index, 'check', 'shell']))
  else checkVerifier(task.id, task.check, where(['tasks', index, 'check']))
  return {
    id: task.id,
    title: task.title,
    points: task.points,
    when: task.when,
    check:
      'shell' in task.check
        ? { kind: 'shell', script: task.check.shell }
        : { kind: 'verifier', verifier: task.check.verifier, with: task.check.with },
    timeoutSeconds: task.timeout,
    hints: orderHints(task.id, task.hints, where(['tasks', index, 'hints'])),
    ...(task.until === undefined ? {} : { until: task.until }),
    ...(task.watches === undefined ? {} : { watches: task.watches }),
  }
}

/** The verifier exists and understands its parameters: wrong ones are the author's to mend, before a learner meets them. */
function checkVerifier(task: string, check: { verifier: string; with: Record<string, unknown> }, where: string): void {
  const verifier = verifiers.get(check.verifier)
  if (verifier === undefined)
    throw labError('LAB_VERIFIER', { where, task, problem: `there is no verifier "${check.verifier}"` })
  try {
    verifier.parameters(check.with)
  } catch (cause) {
    throw labError('LAB_VERIFIER', { where, task, problem: (cause as Error).message }, cause)
  }
}

type HintFile = ReadLab['file']['tasks'][number]['hints'][number]

/** Hints in the order in which they may be shown: each after the one that it waits for, else as written. */
function orderHints(task: string, hints: readonly HintFile[], where: string): Hint[] {
  const named = hints.map((hint, index) => ({ ...hint, key: hint.id ?? `hint ${index + 1}` }))
  for (const hint of named)
    if (hint.after !== undefined && !named.some((other) => other.key === hint.after))
      throw labError('LAB_HINT_UNKNOWN', { where, task, after: hint.after })
  const ordered: typeof named = []
  while (ordered.length < named.length) {
    const waiting = named.filter((hint) => !ordered.includes(hint))
    const next = waiting.find((hint) => hint.after === undefined || ordered.some((other) => other.key === hint.after))
    if (next === undefined)
      throw labError('LAB_HINT_CIRCLE', { where, task, circle: waiting.map((hint) => hint.key).join(', ') })
    ordered.push(next)
  }
  return ordered.map(({ text, cost }) => ({ text, cost }))
}

function noDuplicates(what: string, items: readonly { id: string }[], where: (index: number) => string): void {
  for (const [index, { id }] of items.entries())
    if (items.findIndex((other) => other.id === id) < index)
      throw labError('LAB_DUPLICATE', { where: where(index), what, id })
}

/** Every task stands at one place of the text, and every place names a task. */
function checkPlaces({ file }: ReadLab, steps: readonly Step[]): void {
  for (const [index, step] of steps.entries())
    for (const task of step.tasks)
      if (!file.tasks.some((other) => other.id === task))
        throw labError('LAB_TASK_UNKNOWN', { where: file.steps[index]!.text, task })
  const placed = steps.flatMap((step) => step.tasks)
  for (const { id } of file.tasks) {
    const places = placed.filter((task) => task === id).length
    if (places === 0) throw labError('LAB_TASK_UNPLACED', { where: 'lab.yaml', task: id })
    if (places > 1) throw labError('LAB_DUPLICATE', { where: 'lab.yaml', what: 'task place', id })
  }
}
