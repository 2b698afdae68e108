/** The few pieces of DER (ITU-T X.690) that a certificate needs. */

function element(tag: number, ...content: Uint8Array[]): Buffer {
  const body = Buffer.concat(content)
  const length = body.length < 0x80 ? [body.length] : lengthBytes(body.length)
  return Buffer.concat([Buffer.from([tag, ...length]), body])
}

function lengthBytes(length: number): number[] {
  const bytes = length < 0x100 ? [length] : [length >> 8, length & 0xff]
  return [0x80 | bytes.length, ...bytes]
}

export const sequence = (...content: Uint8Array[]): Buffer => element(0x30, ...content)
export const set = (...content: Uint8Array[]): Buffer => element(0x31, ...content)
export const octets = (content: Uint8Array): Buffer => element(0x04, content)
export const bits = (content: Uint8Array, unused = 0): Buffer => element(0x03, Buffer.from([unused]), content)
export const boolean = (value: boolean): Buffer => element(0x01, Buffer.from([value ? 0xff : 0]))
export const text = (value: string): Buffer => element(0x0c, Buffer.from(value))
/** Explicit context tag. */
export const tagged = (number: number, content: Uint8Array): Buffer => element(0xa0 | number, content)
/** Implicit context tag on a primitive value. */
export const implicit = (number: number, content: Uint8Array): Buffer => element(0x80 | number, content)

export function integer(value: Uint8Array): Buffer {
  const positive = (value[0] ?? 0) & 0x80 ? Buffer.concat([Buffer.from([0]), value]) : value
  return element(0x02, positive)
}

/** `1.2.840.10045.4.3.2` */
export function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number)
  const bytes = [first * 40 + second]
  for (const part of rest) {
    const groups = [part & 0x7f]
    for (let left = part >> 7; left > 0; left >>= 7) groups.unshift(0x80 | (left & 0x7f))
    bytes.push(...groups)
  }
  return element(0x06, Buffer.from(bytes))
}

/** GeneralizedTime in whole seconds, UTC. */
export function time(milliseconds: number): Buffer {
  const digits = new Date(milliseconds).toISOString().replaceAll(/[-:T]/g, '').slice(0, 14)
  return element(0x18, Buffer.from(`${digits}Z`))
}
