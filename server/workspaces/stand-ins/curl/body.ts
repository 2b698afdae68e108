import { readFileSync } from 'node:fs'
import { CurlError } from './errors.ts'
import type { Data } from './options.ts'

/** The body that -d and its kin make, or undefined without any. @throws CurlError 26 for a file that cannot be read */
export function bodyOf(data: readonly Data[]): Buffer | undefined {
  if (data.length === 0) return undefined
  const parts: Buffer[] = []
  for (const [option, value] of data) {
    if (parts.length > 0 && option !== 'json') parts.push(Buffer.from('&'))
    parts.push(part(option, value))
  }
  return Buffer.concat(parts)
}

function part(option: string, value: string): Buffer {
  if (option === 'data-urlencode') return Buffer.from(urlEncoded(value))
  if (option === 'data-raw' || !value.startsWith('@')) return Buffer.from(value)
  const content = read(value.slice(1))
  // -d is for forms: line ends of a file are left out. --data-binary and --json keep them.
  return option === 'data' ? Buffer.from(content.toString('latin1').replaceAll(/[\r\n]/g, ''), 'latin1') : content
}

/** `content`, `=content`, `name=content` or `name@file`. */
function urlEncoded(value: string): string {
  const [, name = '', sign = '=', content = value] = /^([^=@]*)([=@])(.*)$/s.exec(value) ?? []
  const text = formEncoded(sign === '@' ? read(content).toString() : content)
  return name === '' ? text : `${name}=${text}`
}

const formEncoded = (text: string) => encodeURIComponent(text).replaceAll('%20', '+')

function read(file: string): Buffer {
  try {
    return readFileSync(file === '-' ? 0 : file)
  } catch (error) {
    throw new CurlError(26, `Failed to open ${file}`, error)
  }
}
