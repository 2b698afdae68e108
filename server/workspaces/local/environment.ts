/** Where the parts of a workspace are, as its shells name them. */
export interface InsidePlaces {
  home: string
  settings: string
  /** Folders of the tools, before the system's. */
  tools: string[]
  /** `http://NAME:SECRET@127.0.0.1:PORT`: the way to downloads. */
  proxy: string
  /** Names, addresses and networks that are reached without the proxy, beside loopback. */
  direct?: string[]
}

const SYSTEM_PATH = ['/usr/local/bin', '/usr/bin', '/bin', '/usr/local/sbin', '/usr/sbin', '/sbin']
/** What is near never goes by way of the proxy. */
const LOOPBACK = ['127.0.0.1', 'localhost', '::1']

/** The whole environment of a learner's shell: an allow-list, nothing of the server's own passes. */
export function shellEnvironment(places: InsidePlaces): Record<string, string> {
  const { home, settings, tools, proxy, direct = [] } = places
  const withoutProxy = [...LOOPBACK, ...direct].join(',')
  const certificates = `${settings}/ca.crt`
  return {
    HOME: home,
    USER: 'learner',
    LOGNAME: 'learner',
    SHELL: '/bin/bash',
    PATH: [...tools, ...SYSTEM_PATH].join(':'),
    TERM: 'xterm-256color',
    COLORTERM: 'truecolor',
    LANG: 'C.UTF-8',
    KUBECONFIG: `${home}/.kube/config`,
    https_proxy: proxy,
    HTTPS_PROXY: proxy,
    no_proxy: withoutProxy,
    NO_PROXY: withoutProxy,
    CURL_CA_BUNDLE: certificates,
    SSL_CERT_FILE: certificates,
  }
}
