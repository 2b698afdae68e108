const BLOCK_BYTES = 512

export interface TarEntry {
  /** At most 100 bytes; a folder ends in `/`. */
  name: string
  text?: string
  mode: number
}

/** A tar archive in the ustar format (POSIX.1-1988), owned by nobody in particular, with the same bytes every time. */
export function tar(entries: readonly TarEntry[]): Uint8Array {
  const blocks = entries.flatMap(({ name, text = '', mode }) => {
    const content = Buffer.from(text)
    const padding = Buffer.alloc((BLOCK_BYTES - (content.length % BLOCK_BYTES)) % BLOCK_BYTES)
    return [header(name, content.length, mode), content, padding]
  })
  return Buffer.concat([...blocks, Buffer.alloc(2 * BLOCK_BYTES)])
}

function header(name: string, size: number, mode: number): Buffer {
  const block = Buffer.alloc(BLOCK_BYTES)
  const octal = (value: number, offset: number, width: number) =>
    block.write(`${value.toString(8).padStart(width - 1, '0')}\0`, offset, 'ascii')
  block.write(name, 0, 100, 'utf8')
  octal(mode, 100, 8)
  octal(0, 108, 8)
  octal(0, 116, 8)
  octal(size, 124, 12)
  octal(0, 136, 12)
  block.write(name.endsWith('/') ? '5' : '0', 156, 'ascii')
  block.write('ustar\u000000', 257, 'ascii')
  // The checksum is the sum of all bytes with its own field read as spaces.
  block.fill(' ', 148, 156)
  const sum = block.reduce((total, byte) => total + byte, 0)
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'ascii')
  return block
}
