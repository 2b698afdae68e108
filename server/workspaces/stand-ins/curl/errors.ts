/** How curl ends when it fails: its exit code, and the sentence behind `curl: (N)`. Codes and words are those of curl 8. */
export class CurlError extends Error {
  readonly exitCode: number

  constructor(exitCode: number, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'CurlError'
    this.exitCode = exitCode
  }
}

/** Where a connection was going when it failed. */
export interface Target {
  host: string
  port: number
  startedAt: number
  secure: boolean
}

const CERTIFICATE: Record<string, string> = {
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'unable to get local issuer certificate',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'unable to get local issuer certificate',
  SELF_SIGNED_CERT_IN_CHAIN: 'self-signed certificate in certificate chain',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'self-signed certificate',
  CERT_HAS_EXPIRED: 'certificate has expired',
  CERT_NOT_YET_VALID: 'certificate is not yet valid',
}

/** The error of Node's sockets and TLS in curl's words. */
export function asCurlError(error: unknown, { host, port, startedAt, secure }: Target): CurlError {
  if (error instanceof CurlError) return error
  const { code = '', message } = error as NodeJS.ErrnoException
  const certificate = CERTIFICATE[code]
  if (certificate !== undefined) return new CurlError(60, `SSL certificate problem: ${certificate}`, error)
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return new CurlError(60, `SSL: no alternative certificate subject name matches target host name '${host}'`, error)
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return new CurlError(6, `Could not resolve host: ${host}`, error)
  if (['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'EADDRNOTAVAIL', 'ETIMEDOUT'].includes(code)) {
    const after = Math.round(performance.now() - startedAt)
    return new CurlError(
      7,
      `Failed to connect to ${host} port ${port} after ${after} ms: Couldn't connect to server`,
      error,
    )
  }
  if (code === 'EPROTO' || code.startsWith('ERR_SSL_')) {
    const [, library = '0A000126', reason = 'protocol error'] =
      /error:([0-9A-F]+):[^:]*:[^:]*:([^:]+)/.exec(message) ?? []
    return new CurlError(35, `OpenSSL: error:${library}:SSL routines::${reason}`, error)
  }
  if (message.includes('before secure TLS connection'))
    return new CurlError(35, `OpenSSL SSL_connect: SSL_ERROR_SYSCALL in connection to ${host}:${port}`, error)
  if (message === 'socket hang up') return new CurlError(52, 'Empty reply from server', error)
  if (code === 'ECONNRESET') return new CurlError(secure ? 35 : 56, 'Recv failure: Connection reset by peer', error)
  if (code.startsWith('HPE_')) return new CurlError(1, 'Received HTTP/0.9 when not allowed', error)
  return new CurlError(56, `Recv failure: ${message}`, error)
}

/** What curl prints behind a certificate that it does not trust. */
export const CERTIFICATE_HELP = `More details here: https://curl.se/docs/sslcerts.html

curl failed to verify the legitimacy of the server and therefore could not
establish a secure connection to it. To learn more about this situation and
how to fix it, please visit the web page mentioned above.
`
