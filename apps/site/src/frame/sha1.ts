// SHA-1 (RFC 3174), for Sec-WebSocket-Accept. The browser's own is only there on pages from a secure origin.

/** The digest of a short text of ASCII, in base64. */
export function sha1Base64(text: string): string {
  const length = text.length
  const blocks = (length + 8) >> 6
  const words = new Int32Array((blocks + 1) * 16)
  for (let i = 0; i < length; i++) words[i >> 2]! |= text.charCodeAt(i) << (24 - 8 * (i & 3))
  words[length >> 2]! |= 0x80 << (24 - 8 * (length & 3))
  words[words.length - 1] = length * 8
  const state = Int32Array.of(0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0)
  for (let at = 0; at < words.length; at += 16) block(state, words.subarray(at, at + 16))
  const bytes = Array.from({ length: 20 }, (_, i) => (state[i >> 2]! >>> (24 - 8 * (i & 3))) & 0xff)
  return btoa(String.fromCharCode(...bytes))
}

const turn = (word: number, by: number) => (word << by) | (word >>> (32 - by))

function block(state: Int32Array, input: Int32Array): void {
  const w = new Int32Array(80)
  w.set(input)
  for (let i = 16; i < 80; i++) w[i] = turn(w[i - 3]! ^ w[i - 8]! ^ w[i - 14]! ^ w[i - 16]!, 1)
  let [a = 0, b = 0, c = 0, d = 0, e = 0] = state
  for (let i = 0; i < 80; i++) {
    const mixed =
      i < 20
        ? ((b & c) | (~b & d)) + 0x5a827999
        : i < 40
          ? (b ^ c ^ d) + 0x6ed9eba1
          : i < 60
            ? ((b & c) | (b & d) | (c & d)) + 0x8f1bbcdc
            : (b ^ c ^ d) + 0xca62c1d6
    const next = (turn(a, 5) + mixed + e + w[i]!) | 0
    e = d
    d = c
    c = turn(b, 30)
    b = a
    a = next
  }
  state.set([state[0]! + a, state[1]! + b, state[2]! + c, state[3]! + d, state[4]! + e])
}
