// Bytes that somebody pasted: heads, if there are some, and frames. Which side sent a frame is told by its mask.
import { latin1 } from './bytes.ts'
import { converse, type Stream } from './conversation.ts'
import { frameAt } from './frames.ts'
import type { Budget } from './inflate.ts'
import type { Connection } from './result.ts'
import { encrypted } from './tcp.ts'

const none: Stream = { bytes: new Uint8Array(), chunks: [], gaps: [], begins: true }

interface Side {
  readonly parts: Uint8Array[]
  readonly chunks: { offset: number; order: number }[]
  length: number
}

export function readPasted(bytes: Uint8Array, budget: Budget): Connection | undefined {
  const sides = { client: newSide(), server: newSide() }
  let order = 0
  const add = (side: Side, part: Uint8Array) => {
    side.parts.push(part)
    side.chunks.push({ offset: side.length, order: order++ })
    side.length += part.length
  }
  let at = 0
  let heads = 0
  for (;;) {
    const start = latin1(bytes.subarray(at, at + 16))
    const request = /^[A-Z]{3,7} \S/.test(start)
    if (!request && !/^HTTP\/\d/.test(start)) break
    const end = headEnd(bytes, at)
    add(request ? sides.client : sides.server, bytes.subarray(at, end))
    at = end
    heads++
  }
  const wire = { ...none, bytes }
  if (heads === 0 && encrypted(wire, none)) return opaque
  let frames = 0
  while (at < bytes.length && frames < maxFrames) {
    const frame = frameAt(bytes, at)
    // What is no whole frame is said of the side that it would be of.
    const end = typeof frame === 'string' ? bytes.length : Math.min(frame.end, bytes.length)
    const masked = bytes.length > at + 1 && bytes[at + 1]! >= 0x80
    add(masked ? sides.client : sides.server, bytes.subarray(at, end))
    at = end
    frames++
  }
  const conversation = {
    name: '',
    client: streamOf(sides.client),
    server: streamOf(sides.server),
    budget,
  }
  const found = converse({ ...conversation, framesOnly: heads === 0 })
  return found && frames > 0 ? { ...found, notes: [{ what: 'directionByMask' }, ...found.notes] } : found
}

/** A paste is at most 1 MiB; this bounds the objects. */
const maxFrames = 100_000

const newSide = (): Side => ({ parts: [], chunks: [], length: 0 })

const opaque: Connection = {
  name: '',
  frames: [],
  moreFrames: 0,
  reports: {},
  notes: [{ what: 'encrypted' }],
}

/** One past the empty line, or the end. */
function headEnd(bytes: Uint8Array, from: number): number {
  for (let at = from; at + 3 < bytes.length; at++)
    if (bytes[at] === 13 && bytes[at + 1] === 10 && bytes[at + 2] === 13 && bytes[at + 3] === 10)
      return at + 4
  return bytes.length
}

function streamOf({ parts, chunks, length }: Side): Stream {
  const bytes = new Uint8Array(length)
  for (const [i, part] of parts.entries()) bytes.set(part, chunks[i]!.offset)
  return { bytes, chunks, gaps: [], begins: true }
}
