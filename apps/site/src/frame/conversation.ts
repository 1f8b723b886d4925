// A connection out of the bytes of its two directions: the handshake, the frames of both sides in order, and the end.
import { mayTravel } from '@holdfast/close-codes'
import { latin1 } from './bytes.ts'
import { Direction, type DirectionOptions } from './direction.ts'
import { frameAt, framesBegin } from './frames.ts'
import { type Head, handshakeOf, parseHead } from './handshake.ts'
import type { Budget } from './inflate.ts'
import type { Connection, DeflateAgreement, End, Fault, Frame, Handshake, Sender } from './result.ts'

/** The bytes of one direction, put together. */
export interface Stream {
  readonly bytes: Uint8Array
  /** Which packet brought the bytes from an offset on, and when in milliseconds. By offset. */
  readonly chunks: readonly { readonly offset: number; readonly order: number; readonly time?: number }[]
  /** Bytes that are missing; zeros stand in their place. By offset. */
  readonly gaps: readonly { readonly offset: number; readonly length: number }[]
  /** Whether its first byte is the first of the connection. */
  readonly begins: boolean
}

export interface Conversation {
  readonly name: string
  readonly client: Stream
  readonly server: Stream
  readonly end?: End | undefined
  readonly startTime?: number | undefined
  /** Frames and nothing else, from the first byte on, whether they look like frames or not. */
  readonly framesOnly?: boolean
  readonly budget: Budget
}

/** The most frames of one connection that are shown. */
export const maxFrames = 2000
/** The most bytes that a head is looked for in. */
const maxHead = 256 * 1024

type Notes = { what: Connection['notes'][number]['what']; n?: number }[]

interface Placed {
  readonly frame: Frame
  readonly order: number
}

/** The handshake at which WebSocket begins in two streams, and where frames begin in each. */
function findHandshake({ client, server }: Conversation) {
  const asked = findHead(client.bytes, (head) => /^[A-Z]+ \S+ HTTP\//.test(head) && isUpgrade(head))
  const answered =
    findHead(server.bytes, (head) => /^HTTP\/1\.\d 101\b/.test(head)) ??
    (asked && findHead(server.bytes, (head) => /^HTTP\/1\.\d [2-5]/.test(head), 'last'))
  if (!asked && !(answered && isUpgrade(answered.head.text))) return undefined
  return { asked, answered }
}

const isUpgrade = (head: string) => /\r\nupgrade:[ \t]*websocket/i.test(head)

/** The first or last head of an HTTP message that answers a question. Bodies before it are stepped over. */
function findHead(bytes: Uint8Array, wanted: (head: string) => boolean, which: 'first' | 'last' = 'first') {
  const text = latin1(bytes.subarray(0, maxHead))
  let found: { head: Head; end: number } | undefined
  for (let at = 0; at < text.length; ) {
    const end = text.indexOf('\r\n\r\n', at)
    if (end < 0) break
    const whole = text.slice(at, end)
    // A body without a line end may stand before it.
    const begin = Math.max(whole.lastIndexOf('GET '), whole.lastIndexOf('HTTP/1.1 101'), 0)
    const head = wanted(whole) ? whole : whole.slice(begin)
    if (wanted(head)) {
      found = { head: parseHead(head), end: end + 4 }
      if (which === 'first') return found
    }
    at = end + 4
  }
  return found
}

/** Makes a connection of two streams; undefined when it is no WebSocket. */
export function converse(conversation: Conversation): Connection | undefined {
  const { client, server, name, end, budget } = conversation
  const notes: Notes = []
  const found = conversation.framesOnly ? undefined : findHandshake(conversation)
  const handshake = found && handshakeOf(found.asked?.head, found.answered?.head)
  let starts: Record<Sender, number>
  if (found) {
    starts = {
      client: found.asked?.end ?? firstFrame(client, true),
      server: found.answered?.end ?? firstFrame(server, false),
    }
  } else if (conversation.framesOnly) {
    starts = { client: 0, server: 0 }
  } else {
    starts = { client: firstFrame(client, true), server: firstFrame(server, false) }
    const empty = (stream: Stream) => stream.bytes.length === 0
    const sound = (from: Sender) => starts[from] >= 0 || empty(conversation[from])
    if (!sound('client') || !sound('server') || (empty(client) && empty(server))) return undefined
    notes.push({ what: 'midway' })
  }
  const refused = handshake?.status !== undefined && handshake.status !== 101
  const assumed = !handshake?.response && compressed(client, starts.client, server, starts.server)
  if (assumed) notes.push({ what: 'deflateAssumed' })
  const options = optionsOf(handshake, assumed ? assumption : undefined, budget)
  const count = { frames: 0 }
  const sides = (['client', 'server'] as const).map((from) =>
    refused
      ? { placed: [], close: undefined }
      : readSide(from, conversation[from], starts[from], options, count, notes, conversation.startTime),
  )
  const frames = merge(sides[0]!.placed, sides[1]!.placed)
  const moreFrames = count.frames - frames.length
  if (moreFrames > 0) notes.push({ what: 'moreFrames', n: moreFrames })
  const missing = [...client.gaps, ...server.gaps].reduce((sum, { length }) => sum + length, 0)
  if (missing > 0) notes.push({ what: 'gaps', n: missing })
  return {
    name,
    ...(handshake && { handshake }),
    frames,
    moreFrames: Math.max(0, moreFrames),
    ...(end && { end }),
    reports: {
      ...report('client', sides[1]!.close?.code, end),
      ...(!refused && report('server', sides[0]!.close?.code, end)),
    },
    notes,
  }
}

/** What one side reports: the code that it received, or 1006 where TCP ended without (RFC 6455 7.1.5). */
function report(side: Sender, received: number | undefined, end: End | undefined) {
  if (received === undefined) return end ? { [side]: 1006 } : {}
  return { [side]: received === 1005 || mayTravel(received) ? received : 1006 }
}

const assumption: DeflateAgreement = {
  clientTakeover: true,
  serverTakeover: true,
  clientBits: 15,
  serverBits: 15,
}

function optionsOf(
  handshake: Handshake | undefined,
  assumed: DeflateAgreement | undefined,
  budget: Budget,
): DirectionOptions {
  const agreed = handshake?.extensions
  const names = agreed?.split(',').map((part) => part.split(';')[0]!.trim().toLowerCase()) ?? []
  return {
    deflate: handshake?.deflate ?? assumed,
    otherExtensions: names.some((name) => name !== '' && name !== 'permessage-deflate'),
    begins: handshake?.status === 101,
    budget,
  }
}

/** Whether a data frame near the beginning has RSV1, which permessage-deflate sets. */
function compressed(client: Stream, clientStart: number, server: Stream, serverStart: number): boolean {
  return [[client, clientStart] as const, [server, serverStart] as const].some(([{ bytes }, start]) => {
    for (let at = start, i = 0; at >= 0 && i < 50; i++) {
      const frame = frameAt(bytes, at)
      if (typeof frame === 'string') return false
      if (frame.rsv === 4 && (frame.opcode === 1 || frame.opcode === 2)) return true
      at = frame.end
    }
    return false
  })
}

/** Where frames begin in a stream that was not seen from its beginning: at the start of one of its first packets. */
function firstFrame({ bytes, chunks }: Stream, masked: boolean): number {
  const starts = [0, ...chunks.slice(0, 64).map(({ offset }) => offset)]
  return starts.find((at) => at < bytes.length && framesBegin(bytes, at, masked)) ?? -1
}

function readSide(
  from: Sender,
  { bytes, chunks, gaps }: Stream,
  start: number,
  options: DirectionOptions,
  count: { frames: number },
  notes: Notes,
  startTime: number | undefined,
): { placed: Placed[]; close: Frame['close'] } {
  const direction = new Direction(from, options)
  const placed: Placed[] = []
  let chunk = 0
  let gap = 0
  let order = 0
  let at = start < 0 ? bytes.length : start
  while (at < bytes.length) {
    const raw = frameAt(bytes, at)
    while (gap < gaps.length && gaps[gap]!.offset + gaps[gap]!.length <= at) gap++
    const hole = gaps[gap]
    const headEnd = typeof raw === 'string' ? Math.min(bytes.length, at + 14) : raw.payloadStart
    if (hole && hole.offset < headEnd) {
      // Where the next frame begins is not known any more.
      notes.push({ what: 'lost', n: bytes.length - at })
      break
    }
    const last = Math.min(typeof raw === 'string' ? bytes.length : raw.end, bytes.length) - 1
    while (chunk < chunks.length && chunks[chunk]!.offset <= last) {
      order = Math.max(order, chunks[chunk]!.order)
      chunk++
    }
    const time = chunks[Math.max(0, chunk - 1)]?.time
    const when = time !== undefined && startTime !== undefined ? { at: Math.max(0, time - startTime) } : {}
    if (typeof raw === 'string') {
      placed.push({ frame: { ...broken(from, raw, bytes.subarray(at)), ...when }, order })
      count.frames++
      break
    }
    const there =
      hole && hole.offset < Math.min(raw.end, bytes.length)
        ? 'holes'
        : raw.end > bytes.length
          ? 'cut'
          : 'whole'
    const shown = placed.length < maxFrames && options.budget.frames-- > 0
    const before = direction.close
    const frame = direction.read(raw, there, shown)
    count.frames++
    // The Close that counts is shown however many frames went before it.
    if (shown || direction.close !== before) placed.push({ frame: { ...frame, ...when }, order })
    at = raw.end
  }
  return { placed, close: direction.close }
}

/** A frame that cannot be read: cut off in its head, or of a length that is none. */
function broken(from: Sender, why: 'short' | 'long', bytes: Uint8Array): Frame {
  const faults: Fault[] = [why === 'long' ? { what: 'lengthTooLarge' } : { what: 'headIncomplete' }]
  return { from, opcode: bytes[0]! & 15, length: 0, fin: bytes[0]! >= 0x80, faults }
}

/** Both sides in the order of the packets that completed their frames. */
function merge(one: readonly Placed[], other: readonly Placed[]): Frame[] {
  return [...one, ...other].sort((a, b) => a.order - b.order).map(({ frame }) => frame)
}
