// As much of DER (X.690) as a request for a certificate needs, written, and as much as an answer holds, read.

/** One value: a tag, and its content in parts. */
export function der(tag: number, ...parts: (Uint8Array | number[])[]): Buffer {
  const content = Buffer.concat(parts.map((part) => Buffer.from(part)))
  if (content.length < 0x80) return Buffer.concat([Buffer.from([tag, content.length]), content])
  const hex = content.length.toString(16)
  const length = Buffer.from(hex.length % 2 ? `0${hex}` : hex, 'hex')
  return Buffer.concat([Buffer.from([tag, 0x80 | length.length]), length, content])
}

export const sequence = (...parts: Uint8Array[]): Buffer => der(0x30, ...parts)
export const octets = (content: Uint8Array): Buffer => der(0x04, content)
/** With no bit unused in its last byte. */
export const bits = (content: Uint8Array): Buffer => der(0x03, [0], content)

/** An object identifier such as 2.5.29.17. */
export function oid(text: string): Buffer {
  const [first = 0, second = 0, ...rest] = text.split('.').map(Number)
  const bytes = [first * 40 + second, ...rest].flatMap((part) => {
    const groups = [part & 0x7f]
    for (let left = part >>> 7; left > 0; left >>>= 7) groups.unshift((left & 0x7f) | 0x80)
    return groups
  })
  return der(0x06, bytes)
}

/** RFC 5280 4.1.2.5: UTCTime through the year 2049. */
export function utcTime(at: number): Buffer {
  const text = new Date(at).toISOString().replace(/[-:T]|\.\d+/g, '')
  return der(0x17, Buffer.from(text.slice(2)))
}

/** One value that was read; `rest`: what stands behind it. */
export interface DerValue {
  tag: number
  content: Buffer
  rest: Buffer
}

/** Reads the first value; undefined when there is none that is whole. */
export function readDer(bytes: Buffer): DerValue | undefined {
  const [tag, first] = bytes
  if (tag === undefined || first === undefined) return undefined
  const more = first < 0x80 ? 0 : first & 0x7f
  if (more > 4 || bytes.length < 2 + more) return undefined
  const length = more === 0 ? first : bytes.readUIntBE(2, more)
  const start = 2 + more
  if (bytes.length < start + length) return undefined
  return { tag, content: bytes.subarray(start, start + length), rest: bytes.subarray(start + length) }
}

/** The values that stand one after the other. */
export function readAll(bytes: Buffer): DerValue[] {
  const found: DerValue[] = []
  for (let value = readDer(bytes); value; value = readDer(value.rest)) found.push(value)
  return found
}
