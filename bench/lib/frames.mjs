// Ready-made frames, and a walker that counts what comes back without unmasking or copying it.

/** The mask of every ready-made client frame. It need not be secret here: nothing untrusted is sent. */
const mask = Buffer.from([0x5a, 0x17, 0xc3, 0x8e])

/** The bytes of payload that both ends expect: every position differs from its neighbours. */
export function payloadOf(size) {
  const payload = Buffer.allocUnsafe(size)
  for (let i = 0; i < size; i++) payload[i] = (i * 31 + (i >> 8) * 7) & 0xff
  return payload
}

/** One whole binary frame; `rsv1` marks it as compressed. */
export function frameOf(payload, { masked, rsv1 = false }) {
  const size = payload.length
  const form = size < 126 ? size : size < 65536 ? 126 : 127
  const header = Buffer.alloc(2 + (form === 126 ? 2 : form === 127 ? 8 : 0) + (masked ? 4 : 0))
  header[0] = 0x82 | (rsv1 ? 0x40 : 0)
  header[1] = form | (masked ? 0x80 : 0)
  if (form === 126) header.writeUInt16BE(size, 2)
  if (form === 127) header.writeBigUInt64BE(BigInt(size), 2)
  if (!masked) return Buffer.concat([header, payload])
  mask.copy(header, header.length - 4)
  const body = Buffer.from(payload)
  for (let i = 0; i < size; i++) body[i] ^= mask[i & 3]
  return Buffer.concat([header, body])
}

/** A masked text frame of at most 125 bytes. */
export function shortText(text) {
  const body = Buffer.from(text)
  for (let i = 0; i < body.length; i++) body[i] ^= mask[i & 3]
  return Buffer.concat([Buffer.from([0x81, 0x80 | body.length]), mask, body])
}

/** A masked Close 1000. */
export const clientClose = Buffer.from([0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe8])
/** Its answer, unmasked. */
export const serverClose = Buffer.from([0x88, 0x02, 0x03, 0xe8])

/** The frame `count` times in one buffer; `of(n)` is the first n of them. */
export function burstOf(frame, count) {
  const all = Buffer.alloc(frame.length * count)
  for (let i = 0; i < count; i++) frame.copy(all, i * frame.length)
  const cuts = Array.from({ length: count + 1 }, (_, n) => all.subarray(0, n * frame.length))
  return { most: count, of: (n) => cuts[n] }
}

/** One message in so many is compared with what was sent. */
const sample = 16
/** Bytes of a masked piece that are compared: unmasking is dear. */
const unmaskAtMost = 512

/** Follows the frames of one direction: messages, payload bytes, Close, and a comparison of some of them. */
export class FrameWalker {
  #head = Buffer.allocUnsafe(14)
  #headLength = 0
  #remaining = 0
  #offset = 0
  #messageOffset = 0
  #op = 0
  #fin = false
  #masked = false
  #maskAt = 2
  #expected
  messages = 0
  payload = 0
  wrong = 0
  closed = false
  closeCode = 0
  pings = 0
  /** Text is a control message of PROTOCOL.md, and no message of the load, which is binary. */
  skipsText = false

  constructor(expected) {
    this.#expected = expected
  }

  expect(expected) {
    this.#expected = expected
  }

  /** Returns how many messages ended in bytes[from, end). */
  walk(bytes, from, end) {
    let ended = 0
    let at = from
    while (at < end) {
      if (this.#remaining === 0) {
        at = this.#header(bytes, at, end)
        if (at < 0) return ended
      }
      const take = Math.min(this.#remaining, end - at)
      if (this.#op < 8 && !(this.skipsText && this.#op === 1)) {
        this.payload += take
        if (take > 0 && this.messages % sample === 0 && this.#expected) this.#compare(bytes, at, take)
        this.#messageOffset += take
      } else if (this.#op === 8 && this.#offset === 0 && take >= 2) {
        const high = bytes[at] ^ (this.#masked ? this.#key(0) : 0)
        this.closeCode = (high << 8) | (bytes[at + 1] ^ (this.#masked ? this.#key(1) : 0))
      }
      at += take
      this.#offset += take
      this.#remaining -= take
      if (this.#remaining === 0) ended += this.#frameEnds()
    }
    return ended
  }

  #frameEnds() {
    if (this.#op === 8) this.closed = true
    else if (this.#op === 9) this.pings++
    if (this.#op >= 8 || !this.#fin || (this.skipsText && this.#op === 1)) return 0
    if (this.#expected && this.#messageOffset !== this.#expected.length) this.wrong++
    this.#messageOffset = 0
    this.messages++
    return 1
  }

  /** Where the payload begins; -1 when the header goes on in the next chunk. A frame without payload ends here. */
  #header(bytes, at, end) {
    const head = this.#head
    while (at < end) {
      head[this.#headLength++] = bytes[at++]
      if (this.#headLength < 2) continue
      const form = head[1] & 0x7f
      const masked = (head[1] & 0x80) !== 0
      const long = form === 126 ? 2 : form === 127 ? 8 : 0
      if (this.#headLength < 2 + long + (masked ? 4 : 0)) continue
      this.#op = head[0] & 0x0f
      this.#fin = (head[0] & 0x80) !== 0
      this.#masked = masked
      this.#remaining =
        form < 126 ? form : form === 126 ? head.readUInt16BE(2) : Number(head.readBigUInt64BE(2))
      this.#offset = 0
      this.#maskAt = 2 + long
      this.#headLength = 0
      return at
    }
    return -1
  }

  #key(i) {
    return this.#head[this.#maskAt + (i & 3)]
  }

  #compare(bytes, at, take) {
    const expected = this.#expected
    const offset = this.#messageOffset
    if (offset + take > expected.length) {
      this.wrong++
    } else if (!this.#masked) {
      if (bytes.compare(expected, offset, offset + take, at, at + take) !== 0) this.wrong++
    } else {
      const most = Math.min(take, unmaskAtMost)
      for (let i = 0; i < most; i++) {
        if ((bytes[at + i] ^ this.#key(this.#offset + i)) !== expected[offset + i]) {
          this.wrong++
          return
        }
      }
    }
  }
}
