import { defineErrors } from './error.ts'

/** What can be wrong with a lab's folder. `{where}` is `file:line:column` as far as known. */
export const labError = defineErrors({
  LAB_NOT_FOUND: {
    status: 404,
    sentence: 'There is no lab "{lab}" in {folder}. `labwright serve` offers every folder there that holds a lab.yaml.',
  },
  LAB_FILE_MISSING: {
    status: 422,
    sentence: '{where}: the file {file} is named here, but the lab has no such file. Add it, or mend the name.',
  },
  LAB_FILE_OUTSIDE: {
    status: 422,
    sentence: "{where}: {file} points out of the lab's folder. A lab may only name files of its own.",
  },
  LAB_YAML: {
    status: 422,
    sentence: '{where}: this is not valid YAML: {problem}. Indent with spaces, and quote values that contain ": ".',
  },
  LAB_SHAPE: { status: 422, sentence: '{where}: {problem}. docs/authors/ says what may stand here.' },
  LAB_DUPLICATE: {
    status: 422,
    sentence: '{where}: the {what} id "{id}" is used twice. Every {what} needs an id of its own.',
  },
  LAB_HINT_CIRCLE: {
    status: 422,
    sentence:
      '{where}: the hints of task "{task}" wait for each other in a circle ({circle}). Let one of them stand without `after`.',
  },
  LAB_HINT_UNKNOWN: {
    status: 422,
    sentence: '{where}: a hint of task "{task}" waits for "{after}", and there is no hint of that id in the task.',
  },
  LAB_TASK_UNKNOWN: {
    status: 422,
    sentence: '{where}: {{task {task}}} stands in the text, but lab.yaml has no task of that id.',
  },
  LAB_TASK_UNPLACED: {
    status: 422,
    sentence:
      '{where}: the task "{task}" stands in no step. Put {{task {task}}} on a line of its own where it belongs.',
  },
  LAB_STEP_UNKNOWN: { status: 422, sentence: '{where}: `until: {step}` names no step of this lab.' },
  LAB_VERIFIER: { status: 422, sentence: '{where}: task "{task}": {problem}.' },
})
