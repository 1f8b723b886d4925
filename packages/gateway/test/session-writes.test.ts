// How much of what a session has kept is given to a connection at once.
import { Duplex } from 'node:stream'
import { fakeClock, frame, opcode, parseFrames } from '@holdfast/testing'
import { expect, test } from 'vitest'
import { Session, type SessionHost } from '../src/resume/session.ts'
import type { PackedSession, SessionOptions } from '../src/resume/session-options.ts'

/** A connection whose peer reads when it is told to. */
class SlowWire extends Duplex {
  written = Buffer.alloc(0)
  #goOn: (() => void) | undefined
  override _read() {}
  override _write(chunk: Buffer, _: string, done: () => void) {
    this.written = Buffer.concat([this.written, chunk])
    this.#goOn = done
  }
  /** The peer takes what waits; false: nothing did. */
  takes(): boolean {
    const goOn = this.#goOn
    this.#goOn = undefined
    goOn?.()
    return goOn !== undefined
  }
}

const options: SessionOptions = {
  window: 4e6,
  stallMs: 1e9,
  closeTimeoutMs: 5000,
  keepalive: false,
  closePolicy: {
    rejections: 'pass',
    badGateway: 'close',
    closeCodes: { badGateway: 1014, restart: 1012, tryAgain: 1013 },
  },
  messageBytes: 1e6,
  clock: fakeClock(),
}

/** `packed`: it goes on from another gateway. */
function session(packed?: PackedSession) {
  const faults: unknown[] = []
  const host: SessionHost = {
    onUsed() {},
    onOwesAck() {},
    onParked() {},
    onEnding() {},
    onGrown() {},
    onOver() {},
    onBroken: () => faults.push('the client broke a rule') > 0,
    onFault: (error) => faults.push(error),
  }
  const one = packed ? Session.unpack(packed, options, host) : new Session(options, host)
  const connect = (resumed: boolean) => {
    const wire = new SlowWire()
    one.connect({ stream: wire, deflate: false }, { token: 't', protocol: '', resumed, for: 1 })
    return wire
  }
  return { one, faults, connect }
}

/** What the client has of it, without `welcome`. */
function messages({ written }: SlowWire): string[] {
  const [welcome, ...rest] = parseFrames(written).frames.map(({ payload }) => String(payload))
  expect(welcome).toMatch(/^\0/)
  return rest
}

const texts = Array.from({ length: 100 }, (_, n) => `${n}:${'s'.repeat(20_000)}`)

test('a client that comes back is written as much as it takes, and the rest as it takes it', async () => {
  const { one, faults, connect } = session()
  connect(false)
  for (const text of texts) one.stream.write(frame({ opcode: opcode.text, payload: text }))
  one.returned(0)
  const wire = connect(true)
  expect(wire.writableLength).toBeGreaterThan(0)
  expect(wire.writableLength).toBeLessThan(64 * 1024 + 21_000)
  while (wire.takes()) await new Promise(setImmediate)
  expect(messages(wire)).toEqual(texts)
  expect(faults).toEqual([])
})

test('a client that is sent more while its session goes to another gateway finds it there, with all that it has', async () => {
  const here = session()
  const wire = here.connect(false)
  for (const text of texts) here.one.stream.write(frame({ opcode: opcode.text, payload: text }))
  expect(wire.written.length).toBeLessThan(200_000)
  const packed = here.one.pack()
  while (wire.written.length < 1_000_000) {
    expect(wire.takes()).toBe(true)
    await new Promise(setImmediate)
  }
  here.one.given()
  while (wire.takes()) await new Promise(setImmediate)
  const has = messages(wire)
  expect(has.length).toBeGreaterThan(40)
  expect(has.length).toBeLessThan(texts.length)

  const there = session(packed)
  expect(there.one.judge(has.length)).toBe('good')
  there.one.returned(has.length)
  const next = there.connect(true)
  while (next.takes()) await new Promise(setImmediate)
  expect([...has, ...messages(next)]).toEqual(texts)
  expect([...here.faults, ...there.faults]).toEqual([])
})
