// The head of an HTTP/1.1 message that came in one piece and is beyond doubt. Whatever is not, Node's own parser gets.

/** A head as it came. */
export interface HttpHead {
  /** Its first line. */
  start: string
  /** Names and values in turn, as Node has them. */
  rawHeaders: string[]
  /** Bytes of the head, the empty line included. */
  length: number
}

const lf = 0x0a
const cr = 0x0d
const colon = 0x3a

// What each byte may be a part of. RFC 9110 5.1: "field-name = token"; RFC 9110 5.5: visible characters, spaces, tabs and
// "obs-text", the bytes over 0x7f.
const tokenByte = 1
const visible = 2
const blank = 4
const kinds = new Uint8Array(256)
for (let byte = 0x21; byte < 256; byte++) if (byte !== 0x7f) kinds[byte] = visible
for (const byte of Buffer.from("!#$%&'*+-.^_`|~", 'latin1')) kinds[byte]! |= tokenByte
for (const [first, last] of ['09', 'AZ', 'az'] as const) {
  for (let byte = first!.charCodeAt(0); byte <= last!.charCodeAt(0); byte++) kinds[byte]! |= tokenByte
}
kinds[0x20] = blank
kinds[0x09] = blank

/**
 * Undefined: incomplete, longer than `most` bytes, or anything that two parsers could read differently. Each byte is
 * looked at once, or twice at the blanks around a value, whatever a stranger sends.
 */
export function readHttpHead(bytes: Buffer, maxBytes: number): HttpHead | undefined {
  const end = bytes.subarray(0, maxBytes).indexOf('\r\n\r\n')
  if (end < 0) return undefined
  let at = lineEnd(bytes, 0)
  if (at < 1 || kinds[bytes[0]!] === blank || bytes.subarray(0, at).includes('\t')) return undefined
  const start = bytes.toString('latin1', 0, at)
  const rawHeaders: string[] = []
  while (at < end) {
    const from = at + 2
    let nameEnd = from
    while ((kinds[bytes[nameEnd]!]! & tokenByte) !== 0) nameEnd++
    // RFC 9112 5.1: "No whitespace is allowed between the field name and colon."
    if (nameEnd === from || bytes[nameEnd] !== colon) return undefined
    at = lineEnd(bytes, nameEnd + 1)
    if (at < 0) return undefined
    let first = nameEnd + 1
    let last = at
    while (first < last && kinds[bytes[first]!] === blank) first++
    while (first < last && kinds[bytes[last - 1]!] === blank) last--
    rawHeaders.push(bytes.toString('latin1', from, nameEnd), bytes.toString('latin1', first, last))
  }
  return { start, rawHeaders, length: end + 4 }
}

/** Where the CRLF of this line begins; -1 when a byte comes first that no line may hold. */
function lineEnd(bytes: Buffer, from: number): number {
  let at = from
  while (kinds[bytes[at]!] !== 0) at++
  return bytes[at] === cr && bytes[at + 1] === lf ? at : -1
}
