import { describe, expect, it } from 'vitest'
import { readFacts } from '../../test/support/facts.ts'
import { ApiError } from '../kubernetes/index.ts'
import { builtinResources } from '../schema/index.ts'
import { parseFieldSelector } from './selectors/fields.ts'
import { parseLabelSelector } from './selectors/labels.ts'

interface Syntax {
  labelSelector?: string
  fieldSelector?: string
  status: number
  message?: string
}

interface Accepted {
  group: string
  version: string
  plural: string
  accepted: string[]
  refused: { message: string }
}

const facts = readFacts('kubernetes-1.34/selectors.json') as {
  syntax: Syntax[]
  candidates: string[]
  resources: Accepted[]
}

function refusalOf(parse: () => unknown): string | undefined {
  try {
    parse()
    return undefined
  } catch (error) {
    if (error instanceof ApiError) return error.message
    throw error
  }
}

const resourceAt = ({ group, version, plural }: Accepted) =>
  builtinResources.find((each) => each.group === group && each.version === version && each.plural === plural)

describe('label selectors', () => {
  it.each(facts.syntax.filter(({ labelSelector }) => labelSelector !== undefined))(
    '$labelSelector',
    ({ labelSelector = '', message }) => {
      expect(refusalOf(() => parseLabelSelector(labelSelector))).toBe(message)
    },
  )

  it.each([
    ['a=b', { a: 'b' }, true],
    ['a!=b', {}, true],
    ['a in (b,c)', { a: 'c' }, true],
    ['a notin (b)', { a: 'b' }, false],
    ['!a', { a: '' }, false],
    ['a', { a: '' }, true],
    ['a>1', { a: '2' }, true],
    ['istio.io/rev=default,!istio.io/tag', { 'istio.io/rev': 'default' }, true],
  ])('%s on %j', (selector, labels, matches) => {
    expect(parseLabelSelector(selector)(labels as Record<string, string>)).toBe(matches)
  })
})

describe('field selectors', () => {
  const pods = builtinResources.find(({ plural }) => plural === 'pods')
  it.each(facts.syntax.filter(({ fieldSelector }) => fieldSelector !== undefined))(
    '$fieldSelector',
    ({ fieldSelector = '', message }) => {
      expect(refusalOf(() => pods && parseFieldSelector(fieldSelector, pods))).toBe(message)
    },
  )

  it.each(facts.resources)('$group $plural take the labels that were recorded, and refuse the others', (row) => {
    const resource = resourceAt(row)
    if (resource === undefined) throw new Error(`no resource ${row.plural}`)
    const taken = facts.candidates.filter(
      (label) => refusalOf(() => parseFieldSelector(`${label}=x`, resource)) === undefined,
    )
    expect(taken.sort()).toEqual([...row.accepted].sort())
    const [other = ''] = facts.candidates.filter((label) => !row.accepted.includes(label))
    expect(refusalOf(() => parseFieldSelector(`${other}=x`, resource))).toBe(
      row.refused.message.replace('<label>', other),
    )
  })
})
