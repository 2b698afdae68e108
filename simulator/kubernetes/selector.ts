export interface LabelSelector {
  matchLabels?: Record<string, string>
  matchExpressions?: { key: string; operator: string; values?: string[] }[]
}

/** Whether labels satisfy one requirement of a label or node selector (`In`, `NotIn`, `Exists`, `DoesNotExist`, `Gt`, `Lt`). */
export function matchesRequirement(
  { key, operator, values = [] }: { key: string; operator: string; values?: string[] },
  labels: Readonly<Record<string, string>>,
): boolean {
  const value = labels[key]
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value)
    case 'NotIn':
      return value === undefined || !values.includes(value)
    case 'Exists':
      return value !== undefined
    case 'DoesNotExist':
      return value === undefined
    case 'Gt':
      return value !== undefined && Number(value) > Number(values[0])
    case 'Lt':
      return value !== undefined && Number(value) < Number(values[0])
    default:
      return false
  }
}

/** metav1.LabelSelector: absent matches nothing, empty matches everything. */
export function matchesSelector(
  selector: LabelSelector | undefined,
  labels: Readonly<Record<string, string>> | undefined,
): boolean {
  if (selector === undefined) return false
  const given = labels ?? {}
  for (const [key, value] of Object.entries(selector.matchLabels ?? {})) if (given[key] !== value) return false
  return (selector.matchExpressions ?? []).every((requirement) => matchesRequirement(requirement, given))
}
