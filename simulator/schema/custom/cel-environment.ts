/** The CEL that custom resources may use: the language and Kubernetes' own functions. */
import { Environment } from '@marcbachmann/cel-js'
import { RE2JS } from 're2js'

const wrongUrl = (text: string, problem: string): Error =>
  new Error(`URL parse error during conversion from string: parse ${JSON.stringify(text)}: ${problem}`)

/** A URL as Kubernetes' `url()` reads it: an absolute path, or anything with a scheme, even without a host. */
class KubernetesUrl {
  readonly text: string
  readonly scheme: string
  readonly #url: URL | undefined

  constructor(text: string) {
    this.text = text
    this.scheme = /^([a-z][a-z0-9+.-]*):/i.exec(text)?.[1]?.toLowerCase() ?? ''
    const port = /^[a-z][a-z0-9+.-]*:\/\/[^/]*:([^/\d]+)/i.exec(text)?.[1]
    if (text === '') throw wrongUrl(text, 'empty url')
    if (port !== undefined) throw wrongUrl(text, `invalid port ":${port}" after host`)
    if (/^[a-z]+:\/\/[^/]*\s/i.test(text)) throw wrongUrl(text, 'invalid character " " in host name')
    if (this.scheme === '' && !text.startsWith('/')) throw wrongUrl(text, 'invalid URI for request')
    const whole = this.scheme === '' ? `none://${text}` : text
    this.#url = URL.canParse(whole) ? new URL(whole) : undefined
  }

  get host(): string {
    return this.#url?.host ?? ''
  }

  get hostname(): string {
    return this.#url?.hostname ?? ''
  }

  get port(): string {
    return this.#url?.port ?? ''
  }

  get path(): string {
    return this.#url?.pathname ?? ''
  }
}

const isUrl = (text: string): boolean => {
  try {
    return new KubernetesUrl(text).text === text
  } catch {
    return false
  }
}

const isIpv4 = (text: string): boolean =>
  /^(\d{1,3}\.){3}\d{1,3}$/.test(text) && text.split('.').every((part) => Number(part) < 256)
const isIp = (text: string): boolean => isIpv4(text) || (text.includes(':') && URL.canParse(`http://[${text}]`))
const isCidr = (text: string): boolean => {
  const [address = '', bits = ''] = text.split('/')
  return isIp(address) && /^\d{1,3}$/.test(bits) && Number(bits) <= (isIpv4(address) ? 32 : 128)
}

function base(): Environment {
  return new Environment({
    unlistedVariablesAreDyn: false,
    homogeneousAggregateLiterals: false,
    enableOptionalTypes: true,
  })
    .registerType('kubernetes.URL', KubernetesUrl)
    .registerFunction('isURL(string): bool', isUrl)
    .registerFunction('url(string): kubernetes.URL', (text: string) => new KubernetesUrl(text))
    .registerFunction('kubernetes.URL.getScheme(): string', ({ scheme }: KubernetesUrl) => scheme)
    .registerFunction('kubernetes.URL.getHost(): string', ({ host }: KubernetesUrl) => host)
    .registerFunction('kubernetes.URL.getHostname(): string', ({ hostname }: KubernetesUrl) => hostname)
    .registerFunction('kubernetes.URL.getPort(): string', ({ port }: KubernetesUrl) => port)
    .registerFunction('kubernetes.URL.getEscapedPath(): string', ({ path }: KubernetesUrl) => path)
    .registerFunction('isIP(string): bool', isIp)
    .registerFunction('isCIDR(string): bool', isCidr)
    .registerFunction('string.replace(string, string): string', (text: string, from: string, to: string) =>
      text.replaceAll(from, to),
    )
    .registerFunction('string.charAt(int): string', (text: string, index: bigint) => text.charAt(Number(index)))
    .registerFunction('string.find(string): string', (text: string, pattern: string) => {
      const matcher = RE2JS.compile(pattern).matcher(text)
      return matcher.find() ? (matcher.group() ?? '') : ''
    })
}

/** An environment that knows `self`, `oldSelf` and the functions above. */
export function celEnvironment(): Environment {
  return base().registerVariable('self', 'dyn').registerVariable('oldSelf', 'dyn')
}
