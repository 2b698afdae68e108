import * as v from 'valibot'
import { parse } from 'yaml'
import { labError } from '../../protocol/errors/lab.ts'
import type { Lab } from '../../protocol/lab.ts'
import { readLabText } from '../lessons/native/read.ts'

const name = v.pipe(v.string(), v.regex(/^[a-z0-9-]+$/, 'must be lower-case words joined by hyphens'))

const proofFile = v.strictObject({
  /** Script by step, in the order of the steps. */
  solution: v.record(v.string(), v.string()),
  wrong: v.optional(
    v.array(
      v.strictObject({
        name,
        step: v.string(),
        script: v.string(),
        /** The task that must catch it, the verdict's code, and words that its sentence must hold. */
        task: v.string(),
        code: v.string(),
        says: v.optional(v.string()),
      }),
    ),
    [],
  ),
  alsoRight: v.optional(
    v.array(
      v.strictObject({
        name,
        step: v.string(),
        script: v.string(),
        tasks: v.pipe(v.array(v.string()), v.minLength(1, 'must name a task')),
        what: v.string(),
      }),
    ),
    [],
  ),
})

/** How a lab is proven: `proof.yaml` beside lab.yaml. Scripts are relative to the lab's folder. */
export type Proof = v.InferOutput<typeof proofFile>

/**
 * Reads proof.yaml and checks that every step, task and script that it names is there, and that no step with tasks is left out.
 * @throws LAB_FILE_MISSING, LAB_YAML, LAB_SHAPE
 */
export async function readProof(lab: Lab): Promise<Proof> {
  const text = await readLabText(lab.folder, 'proof.yaml', 'proof.yaml')
  let value: unknown
  try {
    value = parse(text)
  } catch (cause) {
    throw labError('LAB_YAML', { where: 'proof.yaml', problem: (cause as Error).message }, cause)
  }
  const parsed = v.safeParse(proofFile, value)
  if (!parsed.success) throw shape(`${v.getDotPath(parsed.issues[0]) ?? 'the file'}: ${parsed.issues[0].message}`)
  const proof = parsed.output
  const scripts = [
    ...Object.values(proof.solution),
    ...proof.wrong.map((one) => one.script),
    ...proof.alsoRight.map((one) => one.script),
  ]
  await Promise.all(scripts.map((script) => readLabText(lab.folder, script, 'proof.yaml')))
  const steps = [
    ...Object.keys(proof.solution),
    ...proof.wrong.map((one) => one.step),
    ...proof.alsoRight.map((one) => one.step),
  ]
  for (const step of steps)
    if (!lab.steps.some(({ id }) => id === step)) throw shape(`there is no step "${step}" in the lab`)
  const tasks = [...proof.wrong.map((one) => one.task), ...proof.alsoRight.flatMap((one) => one.tasks)]
  for (const task of tasks)
    if (!lab.tasks.some(({ id }) => id === task)) throw shape(`there is no task "${task}" in the lab`)
  for (const { id, tasks: due } of lab.steps)
    if (due.length > 0 && proof.solution[id] === undefined)
      throw shape(`the step "${id}" has tasks, so it needs a script under solution`)
  return proof
}

function shape(problem: string): Error {
  return labError('LAB_SHAPE', { where: 'proof.yaml', problem })
}
