/** The CEL that custom resources may use: the language and Kubernetes' own functions. */
import { Environment } from '@marcbachmann/cel-js'
import { RE2JS } from 're2js'

/** A URL as Kubernetes' `url()` reads it. */
class KubernetesUrl {
  readonly url: URL
  readonly text: string

  constructor(text: string) {
    this.text = text
    if (text === '') throw new Error('URL parse error during conversion from string: parse "": empty url')
    const port = /^[a-z][a-z0-9+.-]*:\/\/[^/]*:([^/\d]+)/i.exec(text)?.[1]
    if (port !== undefined)
      throw new Error(
        `URL parse error during conversion from string: parse ${JSON.stringify(text)}: invalid port ":${port}" after host`,
      )
    if (/^[a-z]+:\/\/[^/]*\s/i.test(text))
      throw new Error(
        `URL parse error during conversion from string: parse ${JSON.stringify(text)}: invalid character " " in host name`,
      )
    if (!text.startsWith('/') && !URL.canParse(text))
      throw new Error(
        `URL parse error during conversion from string: parse ${JSON.stringify(text)}: invalid URI for request`,
      )
    this.url = text.startsWith('/') ? new URL(`none://${text}`) : new URL(text)
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
    .registerFunction('kubernetes.URL.getScheme(): string', ({ url, text }: KubernetesUrl) =>
      text.startsWith('/') ? '' : url.protocol.replace(/:$/, ''),
    )
    .registerFunction('kubernetes.URL.getHost(): string', ({ url }: KubernetesUrl) => url.host)
    .registerFunction('kubernetes.URL.getHostname(): string', ({ url }: KubernetesUrl) => url.hostname)
    .registerFunction('kubernetes.URL.getPort(): string', ({ url }: KubernetesUrl) => url.port)
    .registerFunction('kubernetes.URL.getEscapedPath(): string', ({ url }: KubernetesUrl) => url.pathname)
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
