// Whether a client is at the other end of its connection, and not only its browser.
import { Duplex } from 'node:stream'
import { FrameParser, fakeClock, frame, opcode } from '@holdfast/testing'
import { expect, test } from 'vitest'
import { Session } from '../src/resume/session.ts'

class Wire extends Duplex {
  written: string[] = []
  readonly #parser = new FrameParser()
  override _read() {}
  override _write(chunk: Buffer, _: string, done: () => void) {
    this.written.push(...this.#parser.push(chunk).map(({ payload }) => String(payload)))
    done()
  }
}

/** A session with its client, at which something looks each quarter of a second for as long as its client may be there. */
function watched() {
  const clock = fakeClock()
  const host = { onUsed() {}, onOwesAck() {}, onParked() {}, onEnding() {}, onGrown() {}, onOver() {} }
  const session = new Session(
    {
      ...{ window: 4000, stallMs: 1e9, closeTimeoutMs: 5000, keepalive: false, messageBytes: 1e6, clock },
      closePolicy: {
        rejections: 'pass',
        badGateway: 'close',
        closeCodes: { badGateway: 1014, restart: 1012, tryAgain: 1013 },
      },
    },
    {
      ...host,
      onBroken: () => false,
      onFault(error) {
        throw error
      },
    },
  )
  const wire = new Wire()
  wire.on('error', () => {})
  session.connect({ stream: wire, deflate: false }, { token: 't', protocol: '', resumed: false, for: 1 })
  const prefix = wire.written[0]!.slice(0, 17)
  return {
    ...{ session, wire },
    says: (body: object) =>
      frame({ opcode: opcode.text, payload: `${prefix}${JSON.stringify(body)}`, mask: true }),
    pings: () => wire.written.filter((text) => text.startsWith(prefix) && text.includes('"ping"')).length,
    /** Looks for so many milliseconds, and has the client send something at each. False: it is not there. */
    async looks(ms: number, sends?: () => Buffer): Promise<boolean> {
      for (let passed = 0; passed < ms; passed += 250) {
        await clock.advance(250)
        if (sends) wire.push(sends())
        await new Promise(setImmediate)
        if (!session.checkClient(clock.now())) return false
      }
      return true
    },
  }
}

test('a client that says nothing is asked, and is there as long as it answers', async () => {
  const { session, looks, pings, wire, says } = watched()
  expect(await looks(3000)).toBe(true)
  expect(pings()).toBe(0)
  for (let n = 1; n < 5; n++) {
    expect(await looks(1000)).toBe(true)
    expect(pings()).toBe(n)
    wire.push(says({ type: 'pong', id: 0 }))
    expect(await looks(2500)).toBe(true)
  }
  expect(session.state).toBe('connected')
})

test('a client that does not answer is parked within less than ten seconds, though its browser sends Pongs', async () => {
  const { session, looks, pings } = watched()
  const pong = () => frame({ opcode: opcode.pong, payload: 'x', mask: true })
  expect(await looks(8000, pong)).toBe(true)
  expect(await looks(1000, pong)).toBe(false)
  expect(pings()).toBe(1)
  expect(session.state).toBe('parked')
  expect(session.parkedAt).toBeDefined()
})

test('a client that sends a long message, or any message, is not asked', async () => {
  const { session, looks, pings } = watched()
  const long = frame({ opcode: opcode.text, payload: 'x'.repeat(10_000), mask: true })
  const parts = Array.from({ length: long.length / 50 }, (_, n) => long.subarray(50 * n, 50 * (n + 1)))
  expect(await looks(20_000, () => parts.shift()!)).toBe(true)
  expect(await looks(20_000, () => frame({ opcode: opcode.text, payload: 'x', mask: true }))).toBe(true)
  expect(pings()).toBe(0)
  expect(session.state).toBe('connected')
})
