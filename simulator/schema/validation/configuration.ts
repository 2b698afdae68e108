/** ConfigMaps and Secrets. */
import { forbidden, invalid, required, tooLong, type Cause } from '../causes.ts'
import { sameTree, type Tree } from '../tree.ts'
import { configKey } from './names.ts'
import { immutable, textObeys } from './rules.ts'

const mostBytes = 1024 * 1024
const decodedLength = (base64: string): number => Buffer.byteLength(base64, 'base64')

export function checkConfigMap({ data = {}, binaryData = {} }: Tree): Cause[] {
  const causes = Object.keys(data).flatMap((key) => [
    ...textObeys(key, `data[${key}]`, configKey),
    ...(key in binaryData ? [invalid(`data[${key}]`, key, 'duplicate of key present in binaryData')] : []),
  ])
  causes.push(...Object.keys(binaryData).flatMap((key) => textObeys(key, `binaryData[${key}]`, configKey)))
  const size =
    Object.values<string>(data).reduce((sum, text) => sum + Buffer.byteLength(text), 0) +
    Object.values<string>(binaryData).reduce((sum, text) => sum + decodedLength(text), 0)
  return size > mostBytes ? [...causes, tooLong('', mostBytes)] : causes
}

export function checkConfigUpdate(object: Tree, old: Tree): Cause[] {
  if (!old.immutable) return []
  const causes: Cause[] = []
  if (!object.immutable) causes.push(forbidden('immutable', 'field is immutable when `immutable` is set'))
  for (const name of ['data', 'binaryData'])
    if (!sameTree(object[name], old[name])) causes.push(forbidden(name, 'field is immutable when `immutable` is set'))
  return causes
}

const redacted = '<secret contents redacted>'

function checkJson(data: Tree, key: string): Cause[] {
  const base64 = data?.[key]
  if (base64 === undefined) return [required(`data[${key}]`)]
  const text = Buffer.from(base64, 'base64').toString()
  try {
    JSON.parse(text)
    return []
  } catch {
    const [first = ''] = text.trim()
    const problem =
      first === '' ? 'unexpected end of JSON input' : `invalid character '${first}' looking for beginning of value`
    return [invalid(`data[${key}]`, redacted, problem)]
  }
}

const needs: Record<string, (secret: Tree) => Cause[]> = {
  'kubernetes.io/service-account-token': ({ metadata }) =>
    metadata.annotations?.['kubernetes.io/service-account.name']
      ? []
      : [required('metadata.annotations[kubernetes.io/service-account.name]')],
  'kubernetes.io/dockercfg': ({ data }) => checkJson(data, '.dockercfg'),
  'kubernetes.io/dockerconfigjson': ({ data }) => checkJson(data, '.dockerconfigjson'),
  'kubernetes.io/basic-auth': ({ data }) =>
    data?.username === undefined && data?.password === undefined
      ? [required('data[username]'), required('data[password]')]
      : [],
  'kubernetes.io/ssh-auth': ({ data }) => (data?.['ssh-privatekey'] ? [] : [required('data[ssh-privatekey]')]),
  'kubernetes.io/tls': ({ data }) =>
    ['tls.crt', 'tls.key'].filter((key) => data?.[key] === undefined).map((key) => required(`data[${key}]`)),
}

export function checkSecret(secret: Tree): Cause[] {
  const data: Record<string, string> = secret.data ?? {}
  const causes = Object.keys(data).flatMap((key) => textObeys(key, `data[${key}]`, configKey))
  const size = Object.values(data).reduce((sum, text) => sum + decodedLength(text), 0)
  if (size > mostBytes) causes.push(tooLong('data', mostBytes))
  return [...causes, ...(needs[secret.type]?.(secret) ?? [])]
}

export function checkSecretUpdate(secret: Tree, old: Tree): Cause[] {
  const causes = secret.type === old.type ? [] : [immutable(secret.type, 'type')]
  return [...causes, ...checkConfigUpdate(secret, old)]
}
