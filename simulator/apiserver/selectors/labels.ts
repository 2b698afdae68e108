import { badRequest } from '../../kubernetes/index.ts'
import { checkKey, checkValue } from './names.ts'

/** Whether an object with these labels is meant. */
export type LabelMatcher = (labels: Readonly<Record<string, string>> | undefined) => boolean

interface Token {
  kind: 'word' | 'symbol' | 'end'
  text: string
}

const symbols = ['==', '!=', '=', '!', ',', '(', ')', '<', '>']

function tokenize(text: string): Token[] {
  const tokens: Token[] = []
  for (let at = 0; at < text.length;) {
    if (/\s/.test(text[at] ?? '')) at++
    else {
      const symbol = symbols.find((each) => text.startsWith(each, at))
      const word = symbol ?? /^[^\s=!,()<>]+/.exec(text.slice(at))?.[0] ?? ''
      tokens.push({ kind: symbol ? 'symbol' : 'word', text: word })
      at += word.length
    }
  }
  return [...tokens, { kind: 'end', text: '' }]
}

/** Reads a selector such as `app=web,tier in (a,b),!old`; 400 with the real parser's sentences when it is malformed. */
export function parseLabelSelector(text: string): LabelMatcher {
  const tokens = tokenize(text)
  if (tokens.length === 1) return () => true
  let position = 0
  const peek = (): Token => tokens[position] ?? { kind: 'end', text: '' }
  const next = (): Token => tokens[position++] ?? { kind: 'end', text: '' }
  const matchers: LabelMatcher[] = []
  for (;;) {
    const token = peek()
    if (token.kind !== 'word' && token.text !== '!')
      throw badRequest(`found '${token.text}', expected: !, identifier, or 'end of string'`)
    matchers.push(parseRequirement(peek, next))
    const after = next()
    if (after.kind === 'end') break
    if (after.text !== ',') throw badRequest(`found '${after.text}', expected: ',' or 'end of string'`)
    const following = peek()
    if (following.kind !== 'word' && following.text !== '!')
      throw badRequest(`found '${following.text}', expected: identifier after ','`)
  }
  return (labels) => matchers.every((matches) => matches(labels))
}

const unparsable = (why: string): Error => badRequest(`unable to parse requirement: ${why}`)

function parseRequirement(peek: () => Token, next: () => Token): LabelMatcher {
  const negated = peek().text === '!'
  if (negated) next()
  const key = next()
  if (key.kind !== 'word') throw unparsable(`found '${key.text}', expected: identifier`)
  const problem = checkKey(key.text)
  if (problem) throw unparsable(`<nil>: Invalid value: ${JSON.stringify(key.text)}: ${problem}`)
  if (negated) return (labels) => labels?.[key.text] === undefined
  const operator = peek()
  if (operator.kind === 'end' || operator.text === ',') return (labels) => labels?.[key.text] !== undefined
  next()
  return matcherOf(key.text, operator.text, peek, next)
}

function matcherOf(key: string, operator: string, peek: () => Token, next: () => Token): LabelMatcher {
  if (operator === 'in' || operator === 'notin') {
    const values = parseValues(peek, next)
    for (const [index, value] of values.entries()) refuseValue(key, value, index)
    const included = operator === 'in'
    return (labels) => {
      const value = labels?.[key]
      return value === undefined ? !included : values.includes(value) === included
    }
  }
  if (!['=', '==', '!=', '<', '>'].includes(operator))
    throw unparsable(`found '${operator}', expected: in, notin, =, ==, !=, gt, lt`)
  const value = parseExactValue(peek, next)
  if (operator === '<' || operator === '>') {
    if (!/^[-+]?\d+$/.test(value))
      throw unparsable(
        `values[0]: Invalid value: ${JSON.stringify(value)}: for 'Gt', 'Lt' operators, the value must be an integer`,
      )
    return (labels) => {
      const own = labels?.[key]
      return (
        own !== undefined &&
        /^[-+]?\d+$/.test(own) &&
        (operator === '>' ? Number(own) > Number(value) : Number(own) < Number(value))
      )
    }
  }
  refuseValue(key, value, 0)
  return operator === '!=' ? (labels) => labels?.[key] !== value : (labels) => labels?.[key] === value
}

function parseExactValue(peek: () => Token, next: () => Token): string {
  const token = peek()
  if (token.kind === 'end' || token.text === ',') return ''
  if (token.kind !== 'word') throw unparsable(`found '${token.text}', expected: identifier`)
  return next().text
}

function parseValues(peek: () => Token, next: () => Token): string[] {
  const open = next()
  if (open.text !== '(') throw unparsable(`found '${open.text}' expected: '('`)
  const values: string[] = []
  let expectsValue = true
  for (;;) {
    const token = next()
    if (token.text === ')') {
      if (expectsValue) values.push('')
      return values
    }
    if (token.text === ',') {
      if (expectsValue) values.push('')
      expectsValue = true
    } else if (token.kind === 'word' && expectsValue) {
      values.push(token.text)
      expectsValue = false
    } else throw unparsable(`found '${token.text}', expected: ',' or ')'`)
  }
}

function refuseValue(key: string, value: string, index: number): void {
  const problem = checkValue(value)
  if (problem) throw unparsable(`values[${index}][${key}]: Invalid value: ${JSON.stringify(value)}: ${problem}`)
}
