// Whether a compressed text can begin with U+0000, by the first bits of what is compressed. A control message does, and hardly
// anything else: to inflate each short text would cost more than to hand it on. Pure.

/** The 96 random bits of a nonce in base64url, which no compressor makes shorter. */
export const shortestDeflated = 16

/** `payloadAt`: where the masked payload begins, with `shortestDeflated` bytes at least; the key stands before it. */
export function mayBeginWithNul(chunk: Buffer, payloadAt: number): boolean {
  const byte = (index: number) => chunk[payloadAt + index]! ^ chunk[payloadAt - 4 + (index & 3)]!
  const one = byte(0)
  // RFC 1951 3.2.3: a bit that says whether the block is the last, and two for its kind.
  switch ((one >> 1) & 3) {
    case 0:
      // 3.2.4: what is stored stands behind its length and that once more, unless it is an empty block.
      return (byte(1) | byte(2)) === 0 || byte(5) === 0
    case 1: {
      const code = (one >> 3) | ((byte(1) & 7) << 5)
      // 3.2.6, the fixed code, from the least bit on: 00110000 is the literal 0; seven zeros are the end of an empty block.
      return code === 0b00001100 || (code & 0x7f) === 0
    }
    case 2:
      return hasCodeForNul(byte)
    default:
      return false
  }
}

/** RFC 1951 3.2.7: "Code lengths for the code length alphabet [...], in the order". */
const order = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]

/**
 * Whether a block with a code of its own has one for the literal 0, whose length is the first that the block says. One that has
 * none could only be an empty block before another, which PROTOCOL.md 3 leaves out.
 */
function hasCodeForNul(byte: (index: number) => number): boolean {
  let at = 3
  const bits = (count: number) => {
    let value = 0
    for (let n = 0; n < count; n++, at++) value |= ((byte(at >> 3) >> (at & 7)) & 1) << n
    return value
  }
  bits(10) // how many lengths follow, which does not matter here
  const lengths = new Uint8Array(order.length)
  const given = bits(4) + 4
  for (let n = 0; n < given; n++) lengths[order[n]!] = bits(3)
  const first = firstSymbol(lengths, bits)
  // "0 - 15: Represent code lengths of 0 - 15"; 16 repeats one, and there is none before; 17 and 18 are zeros.
  return first === undefined || (first > 0 && first < 16)
}

/** RFC 1951 3.2.2: the symbol that comes first; undefined: no code of these lengths. */
function firstSymbol(lengths: Uint8Array, bits: (count: number) => number): number | undefined {
  let code = 0
  let least = 0
  for (let length = 1; length <= 7; length++) {
    code = (code << 1) | bits(1)
    let nth = code - least
    for (let symbol = 0; symbol < lengths.length; symbol++)
      if (lengths[symbol] === length) {
        if (nth-- === 0) return symbol
        least++
      }
    least <<= 1
  }
  return undefined
}
