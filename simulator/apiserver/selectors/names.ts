/** What label keys and values may look like, in the real validator's words (apimachinery `pkg/util/validation`). */

const NAME_CHARACTERS = 63
const PREFIX_CHARACTERS = 253
const word = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]'
const label = '[a-z0-9]([-a-z0-9]*[a-z0-9])?'
const nameShape = new RegExp(`^${word}$`)
const prefixShape = new RegExp(`^${label}(\\.${label})*$`)

const examples = `(e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '${word}')`
const rule = `must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character`

/** Undefined: it is a qualified name, `name` or `prefix/name`. */
export function checkKey(key: string): string | undefined {
  const parts = key.split('/')
  if (parts.length > 2)
    return `a qualified name ${rule} ${examples} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`
  const [name = '', prefix] = parts.toReversed()
  if (prefix !== undefined) {
    if (prefix === '') return 'prefix part must be non-empty'
    if (prefix.length > PREFIX_CHARACTERS) return `prefix part must be no more than ${PREFIX_CHARACTERS} characters`
    if (!prefixShape.test(prefix))
      return (
        `prefix part a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and ` +
        `end with an alphanumeric character (e.g. 'example.com', regex used for validation is '${label}(\\.${label})*')`
      )
  }
  if (name === '') return 'name part must be non-empty'
  if (name.length > NAME_CHARACTERS) return `name part must be no more than ${NAME_CHARACTERS} characters`
  return nameShape.test(name) ? undefined : `name part ${rule} ${examples}`
}

/** Undefined: it may be a label's value. */
export function checkValue(value: string): string | undefined {
  if (value === '') return undefined
  if (value.length > NAME_CHARACTERS) return `must be no more than ${NAME_CHARACTERS} characters`
  if (nameShape.test(value)) return undefined
  return (
    `a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an ` +
    `alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(${word})?')`
  )
}
