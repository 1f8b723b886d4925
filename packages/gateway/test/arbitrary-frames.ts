// Random messages for property tests, and random ways to cut their bytes.
import { createHash } from 'node:crypto'
import { type Frame, type FrameInit, frame, opcode } from '@holdfast/testing'
import fc from 'fast-check'

export interface ArbitraryMessage {
  text: boolean
  /** Payload lengths of its fragments. */
  parts: number[]
  /** Control frames after fragment i. */
  controls: { after: number; ping: boolean; size: number }[]
}

const size = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: 0, max: 300 }) },
  { weight: 2, arbitrary: fc.constantFrom(125, 126, 127, 65_535, 65_536) },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 150_000 }) },
)

export const anyMessages: fc.Arbitrary<ArbitraryMessage[]> = fc.array(
  fc.record({
    text: fc.boolean(),
    parts: fc.array(size, { minLength: 1, maxLength: 4 }),
    controls: fc.array(
      fc.record({ after: fc.nat(3), ping: fc.boolean(), size: fc.integer({ min: 0, max: 125 }) }),
      { maxLength: 2 },
    ),
  }),
  { maxLength: 8 },
)

/**
 * The frames of the messages in order. The n-th message is filled with letter n, so that order can be seen.
 * `compressed`: they say so, whatever their payload is.
 */
export function toFrames(messages: ArbitraryMessage[], masked: boolean, compressed = false): Buffer[] {
  const frames: Buffer[] = []
  const add = (init: FrameInit) => frames.push(frame({ ...init, mask: masked }))
  for (const [n, message] of messages.entries()) {
    const letter = 97 + (n % 26)
    for (const [i, length] of message.parts.entries()) {
      add({
        opcode: i > 0 ? opcode.continuation : message.text ? opcode.text : opcode.binary,
        fin: i === message.parts.length - 1,
        rsv1: compressed && i === 0,
        payload: Buffer.alloc(length, letter),
      })
      for (const control of message.controls) {
        if (control.after !== i) continue
        add({ opcode: control.ping ? opcode.ping : opcode.pong, payload: Buffer.alloc(control.size, 33) })
      }
    }
  }
  return frames
}

/** Cuts bytes into chunks of the given sizes, each a buffer of its own. */
export function cutAt(bytes: Buffer, sizes: Iterable<number>): Buffer[] {
  const chunks: Buffer[] = []
  const size = sizes[Symbol.iterator]()
  for (let at = 0; at < bytes.length; ) {
    const next = Math.max(1, size.next().value ?? bytes.length)
    chunks.push(Buffer.from(bytes.subarray(at, at + next)))
    at += next
  }
  return chunks
}

/** Tells payloads apart in little room. */
export function digestOf(payload: Buffer): string {
  return `${payload.length} ${createHash('sha1').update(payload).digest('base64')}`
}

interface JoinedMessage {
  opcode: number
  compressed: boolean
  digest: string
}

/** Joins fragments as RFC 6455 5.4 says; throws where the frames break its rules. */
export function joinMessages(frames: Frame[]) {
  const messages: JoinedMessage[] = []
  const controls: { opcode: number; payload: string }[] = []
  let begun: { opcode: number; compressed: boolean; parts: Buffer[] } | undefined
  const check = (holds: boolean, rule: string) => {
    if (!holds) throw new Error(rule)
  }
  for (const one of frames) {
    check(!one.rsv2 && !one.rsv3, 'RSV2 and RSV3 mean nothing')
    if (one.opcode >= opcode.close) {
      check(one.fin && !one.rsv1, 'a control frame is whole and not compressed')
      controls.push({ opcode: one.opcode, payload: one.payload.toString('latin1') })
      continue
    }
    check(
      (one.opcode === opcode.continuation) === (begun !== undefined),
      'a continuation continues a message',
    )
    // RFC 7692 6.1: only the first fragment of a compressed message has RSV1 set.
    check(!begun || !one.rsv1, 'RSV1 stands in the first fragment only')
    begun ??= { opcode: one.opcode, compressed: one.rsv1, parts: [] }
    begun.parts.push(one.payload)
    if (!one.fin) continue
    messages.push({
      opcode: begun.opcode,
      compressed: begun.compressed,
      digest: digestOf(Buffer.concat(begun.parts)),
    })
    begun = undefined
  }
  return { messages, controls, unfinished: begun !== undefined }
}
