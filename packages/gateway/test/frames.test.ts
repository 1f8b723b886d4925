import { expect, test } from 'vitest'
import { controlFrame, headerLength, messageFrame, opcode, unmasked } from '../src/wire/index.ts'

const frames = {
  control: (payload: Buffer) => controlFrame(opcode.ping, payload, true),
  data: (payload: Buffer) => messageFrame({ type: 'binary', data: payload }, true),
}

test.each(['control', 'data'] as const)(
  'each %s frame to an upstream has a masking key of its own, and is read as it was',
  (kind) => {
    const payload = Buffer.from('behind the mask')
    // More than are drawn at a time.
    const made = Array.from({ length: 3000 }, () => frames[kind](payload))
    for (const frame of made) expect(unmasked(frame, headerLength(frame, 0))).toEqual(payload)
    const keys = made.map((frame) => frame.readUInt32BE(2))
    // Two of three thousand random numbers of 32 bits are the same once in a thousand times; three pairs, never.
    expect(new Set(keys).size).toBeGreaterThan(2990)
    expect(keys.filter((key) => key === 0).length).toBeLessThan(3)
  },
)
