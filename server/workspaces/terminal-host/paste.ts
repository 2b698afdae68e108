const ESCAPE = 0x1b

/**
 * Bracketed paste ends where the pasted text says so, if it may: text from a page must not carry the marks itself
 * (xterm.js 6.0 lets them through; fixed upstream after it).
 */
export function withoutPasteMarks(text: string): string {
  // eslint-disable-next-line no-control-regex -- the escape character is what is looked for
  return text.replaceAll(/\u001B\[20[01]~|[\u0080-\u009F]/g, '')
}

/**
 * The same for bytes of a page's input. The brackets that xterm itself puts around a paste stand at the very ends of a frame
 * and stay; those inside are the text's own.
 */
export function withoutInnerPasteMarks(bytes: Buffer): Buffer {
  if (bytes.indexOf(ESCAPE, 1) < 0) return bytes
  const text = bytes.toString('latin1')
  const inner = /^(\u001B\[200~)?([\s\S]*?)(\u001B\[201~)?$/.exec(text)
  if (inner === null) return bytes
  const [, opening = '', body = '', closing = ''] = inner
  const clean = body.replaceAll(/\u001B\[20[01]~/g, '')
  return clean === body ? bytes : Buffer.from(opening + clean + closing, 'latin1')
}
