/** Rules of names and texts, each with the sentence that Kubernetes has for it. A rule gives the sentences that a text breaks. */

export type TextRule = (text: string) => string[]

const upTo = (most: number, text: string): string[] =>
  text.length > most ? [`must be no more than ${most} characters`] : []

function textRule(pattern: RegExp, sentence: string, most: number): TextRule {
  return (text) => [...upTo(most, text), ...(pattern.test(text) ? [] : [sentence])]
}

const labelForm = '[a-z0-9]([-a-z0-9]*[a-z0-9])?'
const labelSentence = `a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '${labelForm}')`
const subdomainForm = `${labelForm}(\\.${labelForm})*`
const subdomainSentence = `a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '${subdomainForm}')`
const oldLabelForm = '[a-z]([-a-z0-9]*[a-z0-9])?'
const oldLabelSentence = `a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '${oldLabelForm}')`
const nameForm = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]'
const nameSentence = `must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '${nameForm}')`
const valueSentence =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"

const whole = (form: string): RegExp => new RegExp(`^(?:${form})$`)

export const dnsLabel: TextRule = textRule(whole(labelForm), labelSentence, 63)
export const dnsSubdomain: TextRule = textRule(whole(subdomainForm), subdomainSentence, 253)
export const dns1035Label: TextRule = textRule(whole(oldLabelForm), oldLabelSentence, 63)
export const labelValue: TextRule = textRule(/^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/, valueSentence, 63)

export const wildcardSubdomain: TextRule = textRule(
  whole(`\\*\\.${subdomainForm}`),
  `a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character (e.g. '*.example.com', regex used for validation is '\\*\\.${subdomainForm}')`,
  253,
)

/** `name` or `prefix.example.com/name`: keys of labels, annotations, taints. */
export const qualifiedName: TextRule = (text) => {
  const parts = text.split('/')
  if (parts.length > 2)
    return [
      `a qualified name ${nameSentence} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`,
    ]
  const name = parts.at(-1) ?? ''
  const [prefix] = parts
  const wrong: string[] = []
  if (parts.length === 2)
    wrong.push(
      ...(prefix
        ? dnsSubdomain(prefix).map((sentence) => `prefix part ${sentence}`)
        : ['prefix part must be non-empty']),
    )
  if (name === '') wrong.push('name part must be non-empty')
  else if (name.length > 63) wrong.push('name part must be no more than 63 characters')
  if (!whole(nameForm).test(name)) wrong.push(`name part ${nameSentence}`)
  return wrong
}

/** Names that only have to be one segment of a path: roles and bindings. */
export const pathSegment: TextRule = (text) => {
  if (text === '.' || text === '..') return [`may not be '${text}'`]
  return ['/', '%'].filter((sign) => text.includes(sign)).map((sign) => `may not contain '${sign}'`)
}

/** Keys of ConfigMaps and Secrets. */
export const configKey: TextRule = (text) => {
  const wrong = upTo(253, text)
  if (!/^[-._a-zA-Z0-9]+$/.test(text))
    wrong.push(
      "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')",
    )
  if (text === '.') wrong.push("must not be '.'")
  if (text === '..') wrong.push("must not be '..'")
  else if (text.startsWith('..')) wrong.push("must not start with '..'")
  return wrong
}

export const environmentName: TextRule = (text) =>
  /^[ -<>-~]+$/.test(text)
    ? []
    : ["a valid environment variable name must consist only of printable ASCII characters other than '='"]

export const portName: TextRule = (text) => {
  const wrong: string[] = []
  if (text.length > 15) wrong.push('must be no more than 15 characters')
  if (!/^[-a-z0-9]+$/.test(text)) wrong.push('must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)')
  if (text !== '' && !/[a-z]/.test(text)) wrong.push('must contain at least one letter (a-z)')
  if (text.includes('--')) wrong.push('must not contain consecutive hyphens')
  if (text.startsWith('-') || text.endsWith('-')) wrong.push('must not begin or end with a hyphen')
  return wrong
}

const isIpv4 = (text: string): boolean =>
  /^(\d{1,3}\.){3}\d{1,3}$/.test(text) && text.split('.').every((part) => Number(part) < 256)
export const isIpv6 = (text: string): boolean =>
  /^[0-9a-fA-F:.]+$/.test(text) && text.includes(':') && URL.canParse(`http://[${text}]/`)
export const isIp = (text: string): boolean => isIpv4(text) || isIpv6(text)

export const ipAddress: TextRule = (text) =>
  isIp(text) ? [] : ['must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)']

export const cidr: TextRule = (text) => {
  const [address = '', bits = ''] = text.split('/')
  const most = isIpv4(address) ? 32 : 128
  return isIp(address) && /^\d{1,3}$/.test(bits) && Number(bits) <= most
    ? []
    : ['must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)']
}

export const percent: TextRule = (text) =>
  /^\d+%$/.test(text)
    ? []
    : [
        "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')",
      ]
