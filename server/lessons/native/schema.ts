import * as v from 'valibot'

/** The shape of lab.yaml. The JSON schema that editors use (dist/lab.schema.json) is derived from it. */

const id = v.pipe(
  v.string(),
  v.regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'must be lower-case words joined by hyphens'),
  v.maxLength(48),
  v.description('Lower-case words joined by hyphens; unique in the lab.'),
)
const file = v.pipe(v.string(), v.minLength(1), v.description('A file of the lab, relative to lab.yaml.'))
const sentence = v.pipe(v.string(), v.minLength(1), v.maxLength(500))

const hint = v.strictObject({
  id: v.optional(id),
  text: v.pipe(v.string(), v.minLength(1), v.maxLength(2000)),
  cost: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0), v.description('Points that showing it costs.')), 0),
  after: v.optional(
    v.pipe(id, v.description('The hint that must be shown before this one; without it, the one above.')),
  ),
})

const check = v.union([
  v.strictObject({
    verifier: v.pipe(
      v.string(),
      v.regex(/^[a-z]+\/[a-z0-9-]+$/),
      v.description('A verifier of the product: istio/plaintext-refused.'),
    ),
    with: v.optional(v.record(v.string(), v.unknown()), {}),
  }),
  v.strictObject({
    shell: v.pipe(
      file,
      v.description('A bash script: exit 0 is met, any other exit is unmet with its output as the reason.'),
    ),
  }),
])

const task = v.strictObject({
  id,
  title: sentence,
  points: v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(100)),
  when: v.optional(
    v.pipe(v.picklist(['now', 'once']), v.description('now: must hold at the moment; once: it happened and stays.')),
    'now',
  ),
  until: v.optional(
    v.pipe(id, v.description('The step from which on the task is frozen, because later steps take away its ground.')),
  ),
  check,
  timeout: v.optional(
    v.pipe(v.number(), v.minValue(1), v.maxValue(120), v.description('Deadline of one check, in seconds.')),
    15,
  ),
  watches: v.optional(
    v.pipe(
      v.array(v.string()),
      v.description('Resources whose change runs the check again: pods, peerauthentications.security.istio.io.'),
    ),
  ),
  hints: v.optional(v.array(hint), []),
})

export const labFile = v.strictObject({
  title: sentence,
  summary: v.pipe(sentence, v.description('What the learner will be able to do, in one or two sentences.')),
  minutes: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(600)),
  cluster: v.optional(v.strictObject({ istio: v.optional(v.picklist(['absent', 'installed']), 'absent') }), {}),
  mirrors: v.optional(
    v.array(
      v.strictObject({
        url: v.pipe(v.string(), v.url(), v.description('What the lesson downloads.')),
        mirror: v.pipe(
          v.picklist(['istio']),
          v.description('The mirror of the product that answers it without the internet.'),
        ),
      }),
    ),
    [],
  ),
  setup: v.optional(
    v.pipe(v.array(file), v.description('Manifests that lie in the cluster before the learner comes.')),
    [],
  ),
  steps: v.pipe(v.array(v.strictObject({ id, title: sentence, text: file })), v.minLength(1)),
  tasks: v.optional(v.array(task), []),
})

export type LabFile = v.InferOutput<typeof labFile>
