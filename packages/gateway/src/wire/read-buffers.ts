// The buffers that sockets are read into, and what may be done with bytes that lie in one. They are used again: a fresh one
// costs more than the reading and the writing of what goes into it. Next: handle-wire.ts.

/**
 * Bytes that one read takes at most, and the size of a buffer: 64 KiB, as Node has it, and the headers of the frames in which so
 * much comes. Without those the last bytes of the last frame would be a read and a write of their own.
 */
export const readSize = 68 * 1024
/** Buffers that wait until the same wire has written, at most; others are left to the garbage collector. */
export const mostHeld = 4
/** Buffers that nobody uses, at most. 17 MiB. */
const maxSpare = 256

const spare: Buffer[] = []
/** The buffer that a wire lends at this moment, unless somebody has taken it over. */
let onLoan: Buffer | undefined
/** What is behind these buffers. */
const lent = new WeakSet<object>()

export function takeBuffer(): Buffer {
  const known = spare.pop()
  if (known) return known
  const fresh = Buffer.allocUnsafeSlow(readSize)
  lent.add(fresh.buffer)
  return fresh
}

/** Nobody needs what is in the buffer any more. One that is not put back is left to the garbage collector. */
export function putBack(buffer: Buffer): void {
  if (spare.length < maxSpare) spare.push(buffer)
}

/** What a wire has read into this buffer is lent from now on, until `endLoan`. */
export function lend(buffer: Buffer): void {
  onLoan = buffer
}

/** False: somebody has taken the buffer over, and the wire has it no more. */
export function endLoan(): boolean {
  const isHere = onLoan !== undefined
  onLoan = undefined
  return isHere
}

/**
 * Takes over the buffer in which these bytes are lent, in place of a copy of them. It is for whoever has it now to put back, when
 * nobody reads or writes anything of it any more. Undefined: no wire lends it at this moment.
 */
export function takeOver(bytes: Buffer): Buffer | undefined {
  if (onLoan?.buffer !== bytes.buffer) return undefined
  const taken = onLoan
  onLoan = undefined
  return taken
}

/** The bytes as they may be kept for any time: a copy of what is lent. */
export function keep(bytes: Buffer): Buffer {
  return lent.has(bytes.buffer) ? Buffer.from(bytes) : bytes
}

/** Whether the bytes lie in such a buffer. */
export function isLent(bytes: Buffer): boolean {
  return lent.has(bytes.buffer)
}
