import { Unzlib } from 'fflate'

/** SPDY/3.1 header blocks: name/value pairs, compressed with one zlib stream per direction whose dictionary both sides know. */

const lengthPrefixed =
  'options head post put delete trace accept accept-charset accept-encoding accept-language accept-ranges age allow authorization ' +
  'cache-control connection content-base content-encoding content-language content-length content-location content-md5 content-range ' +
  'content-type date etag expect expires from host if-match if-modified-since if-none-match if-range if-unmodified-since last-modified ' +
  'location max-forwards pragma proxy-authenticate proxy-authorization range referer retry-after server te trailer transfer-encoding ' +
  'upgrade user-agent vary via warning www-authenticate method get status'
const statuses =
  '100101201202205206300302303304305306307402405406407408409410411412413414415416417502504505' +
  '203 Non-Authoritative Information204 No Content301 Moved Permanently400 Bad Request401 Unauthorized403 Forbidden404 Not Found' +
  '500 Internal Server Error501 Not Implemented503 Service Unavailable'
const rest =
  'Jan Feb Mar Apr May Jun Jul Aug Sept Oct Nov Dec 00:00:00 Mon, Tue, Wed, Thu, Fri, Sat, Sun, GMT' +
  'chunked,text/html,image/png,image/jpg,image/gif,application/xml,application/xhtml+xml,text/plain,text/javascript,' +
  'publicprivatemax-age=gzip,deflate,sdchcharset=utf-8charset=iso-8859-1,utf-,*,enq=0.'

function prefixed(word: string): Buffer {
  const bytes = Buffer.alloc(4 + word.length)
  bytes.writeUInt32BE(word.length)
  bytes.write(word, 4)
  return bytes
}

/** SPDY protocol draft 3, section 2.6.10.1. */
export const dictionary = Buffer.concat([
  ...lengthPrefixed.split(' ').map(prefixed),
  ...['200 OK', 'version', 'HTTP/1.1', 'url', 'public', 'set-cookie', 'keep-alive', 'origin'].map(prefixed),
  Buffer.from(statuses + rest),
])

export class HeaderReader {
  #out: Buffer[] = []
  readonly #inflate = new Unzlib({ dictionary }, (chunk) => void this.#out.push(Buffer.from(chunk)))

  read(block: Buffer): Map<string, string> {
    this.#inflate.push(block, false)
    const bytes = Buffer.concat(this.#out.splice(0))
    const headers = new Map<string, string>()
    if (bytes.length < 4) return headers
    let at = 4
    const text = (): string => {
      const length = bytes.readUInt32BE(at)
      at += 4 + length
      return bytes.toString('utf8', at - length, at)
    }
    for (let left = bytes.readUInt32BE(0); left > 0; left--) headers.set(text(), text())
    return headers
  }
}

/** Writes blocks without really compressing them: stored blocks are valid zlib too, and answers carry hardly any headers. */
export class HeaderWriter {
  #begun = false

  write(headers: ReadonlyMap<string, string> = new Map()): Buffer {
    const count = Buffer.alloc(4)
    count.writeUInt32BE(headers.size)
    const content = Buffer.concat([
      count,
      ...[...headers].flatMap(([name, value]) => [prefixed(name), prefixed(value)]),
    ])
    // An empty stored block behind it makes readers hand over what they have.
    const parts = [this.#begun ? Buffer.alloc(0) : zlibHead(), storedBlock(content), storedBlock(Buffer.alloc(0))]
    this.#begun = true
    return Buffer.concat(parts)
  }
}

function zlibHead(): Buffer {
  const head = Buffer.from([0x78, 0xbb, 0, 0, 0, 0])
  head.writeUInt32BE(adler32(dictionary), 2)
  return head
}

function storedBlock(content: Buffer): Buffer {
  const head = Buffer.alloc(5)
  head.writeUInt16LE(content.length, 1)
  head.writeUInt16LE(content.length ^ 0xffff, 3)
  return Buffer.concat([head, content])
}

export function adler32(bytes: Uint8Array): number {
  let a = 1
  let b = 0
  for (const byte of bytes) {
    a = (a + byte) % 65521
    b = (b + a) % 65521
  }
  return ((b << 16) | a) >>> 0
}
