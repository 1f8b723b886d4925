import { type Frame, opcode, parseFrames } from '@holdfast/testing'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Message } from '../src/wire/message-reader.ts'
import { MessageReader } from '../src/wire/message-reader.ts'
import { type ArbitraryMessage, anyMessages, cutAt, toFrames } from './arbitrary-frames.ts'

/** What a reader says; `out` is everything in order, as it would be handed on. */
function recorder() {
  const record = {
    messages: [] as Message[],
    /** Bytes of the messages that were seen whole. */
    whole: 0,
    out: [] as Buffer[],
    onWhole(message: Message, frames: Buffer) {
      record.messages.push(message)
      record.whole += frames.length
      record.out.push(Buffer.from(frames))
    },
    onPassing(bytes: Buffer) {
      expect(bytes.length).toBeGreaterThan(0)
      record.out.push(Buffer.from(bytes))
    },
  }
  return record
}

/** Frames of data alone, as the frame reader hands them on, by message. */
function dataFrames(messages: ArbitraryMessage[], masked: boolean): Buffer[] {
  const plain = messages.map((message) => ({ ...message, controls: [] }))
  return plain.map((message, n) => {
    // The letter of a message tells its place among them.
    const others = plain.slice(0, n).map(() => ({ text: true, parts: [0], controls: [] }))
    return Buffer.concat(toFrames([...others, message], masked).slice(n))
  })
}

const payloadOf = (message: Message) => Buffer.from(message.data).toString('latin1')
const joined = (frames: Frame[]) => Buffer.concat(frames.map(({ payload }) => payload)).toString('latin1')

const anySizes = fc.infiniteStream(fc.integer({ min: 1, max: 5000 }))
const anyCap = fc.constantFrom(0, 10, 200, 1000, 70_000, 1e9)

describe('a message reader', () => {
  test('shows every message up to the cap whole and unmasked, and passes on every byte, in order', () => {
    fc.assert(
      fc.property(anyMessages, anySizes, anyCap, fc.boolean(), (messages, sizes, cap, masked) => {
        const frames = dataFrames(messages, masked)
        const bytes = Buffer.concat(frames)
        const reader = new MessageReader(cap)
        const record = recorder()
        for (const chunk of cutAt(bytes, sizes)) reader.read(chunk, record)
        expect(Buffer.concat(record.out).equals(bytes)).toBe(true)
        expect(reader.passing).toBe(false)
        const all = messages.map(({ text }, n) => ({
          type: text ? 'text' : 'binary',
          payload: joined(parseFrames(frames[n]!).frames),
          due: frames[n]!.length <= cap,
        }))
        // One that is longer and comes at once is shown, too; what is shown is in order and right.
        const shown = record.messages.map((message) => ({ type: message.type, payload: payloadOf(message) }))
        let at = 0
        for (const { type, payload, due } of all) {
          if (shown[at]?.payload === payload && shown[at]?.type === type) at++
          else expect(due).toBe(false)
        }
        expect(at).toBe(shown.length)
      }),
      { numRuns: 200 },
    )
  })

  test('says that it is passing from the first byte passed on to the end of that message', () => {
    const [long, short] = dataFrames(
      [
        { text: false, parts: [100, 100], controls: [] },
        { text: true, parts: [5], controls: [] },
      ],
      false,
    )
    const reader = new MessageReader(50)
    const record = recorder()
    const passing: boolean[] = []
    for (const byte of Buffer.concat([long!, short!])) {
      reader.read(Buffer.from([byte]), record)
      passing.push(reader.passing)
    }
    expect(passing.indexOf(true)).toBe(50)
    expect(passing.lastIndexOf(true)).toBe(long!.length - 2)
    expect(record.messages).toEqual([{ type: 'text', data: 'bbbbb' }])
  })

  test('packed and unpacked at any byte goes on as if nothing had been', () => {
    fc.assert(
      fc.property(anyMessages, anySizes, anyCap, fc.nat(), (messages, sizes, cap, somewhere) => {
        const chunks = cutAt(Buffer.concat(dataFrames(messages, true)), sizes)
        const moveAt = somewhere % (chunks.length + 1)
        const stays = { reader: new MessageReader(cap), record: recorder() }
        const moves = { reader: new MessageReader(cap), record: recorder() }
        for (const [i, chunk] of chunks.entries()) {
          if (i === moveAt) {
            const packed = JSON.parse(JSON.stringify(moves.reader.pack()))
            moves.reader = new MessageReader(cap)
            moves.reader.unpack(packed)
          }
          stays.reader.read(chunk, stays.record)
          moves.reader.read(chunk, moves.record)
          expect(moves.reader.passing).toBe(stays.reader.passing)
        }
        expect(Buffer.concat(moves.record.out).equals(Buffer.concat(stays.record.out))).toBe(true)
        expect(moves.record.messages).toEqual(stays.record.messages)
      }),
      { numRuns: 100 },
    )
  })

  test('joins fragments of a text cut inside a character', () => {
    const text = Buffer.from('a€b')
    const frames = [text.subarray(0, 2), text.subarray(2)].map((payload, i) => ({
      opcode: i === 0 ? opcode.text : opcode.continuation,
      fin: i === 1,
      payload,
    }))
    const record = recorder()
    const reader = new MessageReader(100)
    for (const { opcode: op, fin, payload } of frames) {
      reader.read(Buffer.concat([Buffer.from([op | (fin ? 0x80 : 0), payload.length]), payload]), record)
    }
    expect(record.messages).toEqual([{ type: 'text', data: 'a€b' }])
  })
})
