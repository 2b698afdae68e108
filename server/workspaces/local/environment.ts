/** Where the parts of a workspace are, as its shells name them. */
export interface InsidePlaces {
  home: string
  settings: string
  /** Folders of the tools, before the system's. */
  tools: string[]
  /** `http://NAME:SECRET@127.0.0.1:PORT`: the way to downloads. */
  proxy: string
}

const SYSTEM_PATH = ['/usr/local/bin', '/usr/bin', '/bin', '/usr/local/sbin', '/usr/sbin', '/sbin']
/** The cluster is on loopback: its traffic never goes by way of the proxy. */
const DIRECT = '127.0.0.1,localhost,::1'

/** The whole environment of a learner's shell: an allow-list, nothing of the server's own passes. */
export function shellEnvironment({ home, settings, tools, proxy }: InsidePlaces): Record<string, string> {
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
    no_proxy: DIRECT,
    NO_PROXY: DIRECT,
    CURL_CA_BUNDLE: certificates,
    SSL_CERT_FILE: certificates,
  }
}
