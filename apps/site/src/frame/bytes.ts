// Bytes: put together, shown, and read from what people paste.
import type { Excerpt } from './result.ts'

export function concat(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

export function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(' ')
}

/** Every byte as the character of its number. */
export function latin1(bytes: Uint8Array): string {
  let text = ''
  for (let at = 0; at < bytes.length; at += 4096)
    text += String.fromCharCode(...bytes.subarray(at, at + 4096))
  return text
}

const lenient = new TextDecoder('utf-8', { ignoreBOM: true })

export const utf8 = (bytes: Uint8Array) => lenient.decode(bytes)

const maxText = 2048
const maxHex = 256

/** The beginning of a payload, as text or as hex. */
export function excerpt(bytes: Uint8Array, kind: Excerpt['kind']): Excerpt {
  const shown = bytes.subarray(0, kind === 'text' ? maxText : maxHex)
  return {
    kind,
    shown: kind === 'text' ? utf8(shown) : toHex(shown),
    bytes: bytes.length,
    shownBytes: shown.length,
  }
}

export function base64(text: string): Uint8Array | undefined {
  const plain = text.replace(/\s/g, '').replaceAll('-', '+').replaceAll('_', '/')
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(plain)) return undefined
  try {
    return Uint8Array.from(atob(plain), (character) => character.charCodeAt(0))
  } catch {
    return undefined
  }
}

/** What was pasted, as bytes: HTTP heads as text, hex in any common form, or base64; undefined: none of them. */
export function pastedBytes(text: string): Uint8Array | undefined {
  const heads: Uint8Array[] = []
  let rest = text.trimStart()
  // A head ends at an empty line, or with the text.
  while (/^(?:[A-Z]{3,7} \S|HTTP\/\d)/.test(rest)) {
    const end = /\r?\n[ \t]*\r?\n/.exec(rest)
    const head = end ? rest.slice(0, end.index) : rest.trimEnd()
    heads.push(new TextEncoder().encode(`${head.split(/\r?\n/).join('\r\n')}\r\n\r\n`))
    rest = end ? rest.slice(end.index + end[0].length).trimStart() : ''
  }
  if (heads.length === 0 && rest === '') return undefined
  const bytes = rest === '' ? new Uint8Array() : (hexDump(rest) ?? hex(rest) ?? base64(rest))
  return bytes && concat([...heads, bytes])
}

/** Hex digits with any separators: `88 0a`, `0x88, 0x0a`, `\x88\x0a`, `88:0a`. */
function hex(text: string): Uint8Array | undefined {
  const digits = text.replace(/0x|\\x|\\u00|[\s,:;\-_.'"`[\](){}<>]/gi, '')
  if (digits.length % 2 === 1 || !/^[\da-f]+$/i.test(digits)) return undefined
  return Uint8Array.from({ length: digits.length / 2 }, (_, i) =>
    Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16),
  )
}

const offset = /^[ \t]*(?:0x)?[\da-f]{4,8}(?::|[ \t]{2})/i

/** The output of xxd, hexdump -C, tcpdump -X and Wireshark: an offset, sixteen bytes, and the same as characters. */
function hexDump(text: string): Uint8Array | undefined {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== '')
  if (!lines.every((line) => offset.test(line) || /^[ \t]*[\da-f]{4,8}[ \t]*$/i.test(line))) return undefined
  if (lines.length === 1 && !/[:|]/.test(text) && !/^0{4,8} /.test(text)) return undefined
  const parts = lines.map((line) => {
    let digits = ''
    for (const [, token = '', gap = ''] of line.replace(offset, '').matchAll(/(\S+)(\s*)/g)) {
      if (token.length % 2 === 1 || !/^[\da-f]+$/i.test(token)) break
      digits += token
      if (digits.length >= 32 || gap.length > 2) break
    }
    return hex(digits) ?? new Uint8Array()
  })
  return concat(parts)
}
