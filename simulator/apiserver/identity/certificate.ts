import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import {
  certificateExtension as extension,
  der,
  keyIdentifier,
  signCertificate,
  type Attributes,
} from '../../kubernetes/index.ts'

export interface KeyPair {
  privateKey: KeyObject
  publicKey: KeyObject
}

export interface CertificateRequest {
  commonName: string
  /** Groups of a client certificate. */
  organizations?: readonly string[]
  dnsNames?: readonly string[]
  ips?: readonly string[]
  usage: 'authority' | 'server' | 'client'
  /** Milliseconds since 1970. */
  now: number
}

const TEN_YEARS_MS = 3650 * 24 * 3600 * 1000
/** Certificates are valid from a little before they are made: clocks differ. */
const BACKDATE_MS = 3600 * 1000

const { bits, boolean, context, octets, oid, sequence } = der
const usages = { server: '1.3.6.1.5.5.7.3.1', client: '1.3.6.1.5.5.7.3.2' }

export function generateKeyPair(): KeyPair {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' })
}

function name({
  commonName,
  organizations = [],
}: Pick<CertificateRequest, 'commonName' | 'organizations'>): Attributes {
  return [...organizations.map((value): [string, string] => ['2.5.4.10', value]), ['2.5.4.3', commonName]]
}

function extensions(request: CertificateRequest, subject: KeyObject, issuer: KeyObject): Buffer[] {
  const authority = request.usage === 'authority'
  const names = [
    ...(request.dnsNames ?? []).map((dns) => context(2, Buffer.from(dns), false)),
    ...(request.ips ?? []).map((ip) => context(7, Buffer.from(ip.split('.').map(Number)), false)),
  ]
  return [
    extension('2.5.29.19', true, sequence(...(authority ? [boolean(true)] : []))),
    // keyCertSign for the authority, digitalSignature for the others.
    extension('2.5.29.15', true, authority ? bits(Buffer.from([0x04]), 2) : bits(Buffer.from([0x80]), 7)),
    ...(request.usage === 'authority' ? [] : [extension('2.5.29.37', false, sequence(oid(usages[request.usage])))]),
    extension('2.5.29.14', false, octets(keyIdentifier(subject))),
    extension('2.5.29.35', false, sequence(context(0, keyIdentifier(issuer), false))),
    ...(names.length > 0 ? [extension('2.5.29.17', false, sequence(...names))] : []),
  ]
}

/** A certificate in PEM for `subject`, signed by the issuer (itself, for an authority). ECDSA P-256, valid for ten years. */
export function issueCertificate(
  request: CertificateRequest,
  subject: KeyPair['publicKey'],
  issuer: { commonName: string; keys: KeyPair },
): string {
  return signCertificate({
    subject: { name: name(request), key: subject },
    issuer: { name: name(issuer), key: issuer.keys.privateKey },
    extensions: extensions(request, subject, issuer.keys.publicKey),
    from: request.now - BACKDATE_MS,
    to: request.now + TEN_YEARS_MS,
  })
}
