import * as v from 'valibot'

/** Makes the `parameters` function of a verifier from a schema; what is wrong is said with the key's name. */
export function parametersOf<const S extends v.GenericSchema>(schema: S) {
  return (given: Record<string, unknown>): v.InferOutput<S> => {
    const parsed = v.safeParse(schema, given)
    if (parsed.success) return parsed.output
    const issue = parsed.issues[0]
    const key = (issue.path ?? []).map((item) => String(item.key)).join('.')
    throw new Error(issue.received === 'undefined' ? `\`with.${key}\` is missing` : `\`with.${key}\`: ${issue.message}`)
  }
}

export const identity = v.strictObject({ namespace: v.string(), serviceAccount: v.string() })
export const workload = v.strictObject({ namespace: v.string(), workload: v.string() })
