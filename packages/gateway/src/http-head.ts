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

/** RFC 9110 5.1 and 5.5: a token, and a value of visible characters, spaces, tabs and bytes over 0x7f. */
const line =
  /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[\t ]*((?:[!-~\x80-\xff](?:[\t -~\x80-\xff]*[!-~\x80-\xff])?)?)[\t ]*$/
const startLine = /^[!-~][ -~\x80-\xff]*$/

/** Undefined: incomplete, longer than `most` bytes, or anything that two parsers could read differently. */
export function readHttpHead(bytes: Buffer, most: number): HttpHead | undefined {
  const end = bytes.indexOf('\r\n\r\n')
  if (end < 0 || end + 4 > most) return undefined
  const [start = '', ...lines] = bytes.toString('latin1', 0, end).split('\r\n')
  if (!startLine.test(start)) return undefined
  const rawHeaders: string[] = []
  for (const text of lines) {
    const match = line.exec(text)
    if (!match) return undefined
    rawHeaders.push(match[1]!, match[2]!)
  }
  return { start, rawHeaders, length: end + 4 }
}
