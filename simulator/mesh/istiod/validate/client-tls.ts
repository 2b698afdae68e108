import type { Findings } from './findings.ts'

/** What a proxy says and checks when it opens TLS. */
export interface ClientTls {
  mode?: string
  clientCertificate?: string
  privateKey?: string
  caCertificates?: string
  caCrl?: string
  credentialName?: string
  subjectAltNames?: string[]
  insecureSkipVerify?: boolean
}

export function checkClientTls(findings: Findings, tls: ClientTls): void {
  const {
    mode = 'DISABLE',
    clientCertificate = '',
    privateKey = '',
    caCertificates = '',
    caCrl = '',
    credentialName = '',
  } = tls
  if (
    tls.insecureSkipVerify === true &&
    (caCertificates !== '' || caCrl !== '' || (tls.subjectAltNames ?? []).length > 0)
  ) {
    findings.error(
      'cannot specify CaCertificates or CredentialName or SubjectAltNames when InsecureSkipVerify is set true',
    )
  }
  if ((mode === 'SIMPLE' || mode === 'MUTUAL') && credentialName !== '') {
    if (clientCertificate !== '' || caCertificates !== '' || privateKey !== '' || caCrl !== '') {
      findings.error('cannot specify client certificates or CA certificate or CA CRL If credentialName is set')
    }
    return
  }
  if (mode !== 'MUTUAL') return
  if (clientCertificate === '') findings.error('client certificate required for mutual tls')
  if (privateKey === '') findings.error('private key required for mutual tls')
}
