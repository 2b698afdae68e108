/** Requests and limits of containers. */
import { invalid, type Cause } from '../causes.ts'
import { compareQuantities, parseQuantity } from '../quantity.ts'
import type { Tree } from '../tree.ts'
import { qualifiedName } from './names.ts'

const standard = new Set(['cpu', 'memory', 'ephemeral-storage'])
const isHugePage = (name: string): boolean => name.startsWith('hugepages-')

function checkName(name: string, path: string): Cause[] {
  const wrong = qualifiedName(name).map((text) => invalid(path, name, text))
  if (wrong.length > 0 || standard.has(name) || isHugePage(name) || name.includes('/')) return wrong
  return [invalid(path, name, 'must be a standard resource for containers')]
}

function checkValue(name: string, value: string, path: string): Cause[] {
  const quantity = parseQuantity(value)
  if (quantity && quantity.nanos < 0n) return [invalid(path, value, 'must be greater than or equal to 0')]
  const isWhole = quantity && quantity.nanos % 1_000_000_000n === 0n
  return name.includes('/') && !isWhole ? [invalid(path, value, 'must be an integer')] : []
}

export function checkResources(resources: Tree, path: string): Cause[] {
  const { limits = {}, requests = {} } = resources ?? {}
  const list = (part: 'limits' | 'requests', map: Record<string, string>): Cause[] =>
    Object.entries(map).flatMap(([name, value]) => {
      const at = `${path}.${part}[${name}]`
      return [...checkName(name, at), ...checkValue(name, value, at)]
    })
  const above = Object.entries<string>(requests).flatMap(([name, value]) => {
    const limit = limits[name]
    if (limit === undefined || compareQuantities(value, limit) <= 0) return []
    return [invalid(`${path}.requests`, value, `must be less than or equal to ${name} limit of ${limit}`)]
  })
  return [...list('limits', limits), ...list('requests', requests), ...above]
}
