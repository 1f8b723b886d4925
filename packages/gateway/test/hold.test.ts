import { closePayload, frame, opcode, parseFrames } from '@holdfast/testing'
import { describe, expect, test } from 'vitest'
import { drainPayload } from '../src/hold/hold.ts'
import type { Replay } from '../src/hold/replay/module.ts'
import type { Message } from '../src/wire/message-reader.ts'
import { type PeerStream, startHeldPipe, turns } from './piping.ts'

const masked = (payload: string | Buffer, fin = true) =>
  frame({ opcode: opcode.text, payload, fin, mask: true })
const close = (code: number, mask = false) =>
  frame({ opcode: opcode.close, payload: closePayload(code), mask })
const drainPing = frame({ opcode: opcode.ping, payload: drainPayload })
const longText = 'x'.repeat(1000)

const framesOf = (stream: PeerStream) => parseFrames(stream.bytes()).frames
const texts = (stream: PeerStream) =>
  framesOf(stream)
    .filter(({ opcode: op }) => op === opcode.text)
    .map(({ payload }) => String(payload))
const controls = (stream: PeerStream, op: number) => framesOf(stream).filter((one) => one.opcode === op)
const codesOf = (stream: PeerStream) =>
  controls(stream, opcode.close).map(({ payload }) => payload.readUInt16BE())

async function say(stream: PeerStream, ...frames: Buffer[]): Promise<void> {
  for (const one of frames) stream.push(one)
  await turns(2)
}

/** A replay module that has a last word after the upstream has said something. */
function lateReplay(): Replay {
  let heard = false
  return {
    onClient() {},
    onUpstream() {},
    replay: () => [{ type: 'text', data: 'again' }],
    rest: () => (heard ? [{ type: 'text', data: 'and the rest' }] : undefined),
    swallow(message: Message) {
      heard = message.data === 'ready'
      return true
    },
  }
}

/** A replay module that wants an answer to what it says first. */
function pacedReplay(): Replay {
  const said = (data: string, answerWithinMs?: number) => ({ type: 'text' as const, data, answerWithinMs })
  return {
    onClient() {},
    onUpstream() {},
    replay: () => [said('hello'), said('login', 500), said('join', 100), said('go', 0)],
    swallow: () => false,
    over: () => true,
  }
}

describe('what is said first to the next upstream', () => {
  const paced = { replay: { create: pacedReplay } }

  test('waits for its answers, and what the client said meanwhile follows', async () => {
    const held = startHeldPipe({}, paced)
    held.upstream.destroy()
    await turns(2)
    await say(held.client, masked('meanwhile'))
    const next = await held.attach()
    expect(texts(next)).toEqual(['hello', 'login'])
    expect(held.pipe.isMovable()).toBe(false)
    // A control frame is no answer.
    await say(next, frame({ opcode: opcode.ping, payload: 'there?' }))
    expect(texts(next)).toEqual(['hello', 'login'])
    await say(next, frame({ opcode: opcode.text, payload: 'ok' }))
    expect(texts(next)).toEqual(['hello', 'login', 'join'])
    await say(next, frame({ opcode: opcode.text, payload: 'ok' }))
    expect(texts(next)).toEqual(['hello', 'login', 'join', 'go', 'meanwhile'])
    expect(texts(held.client)).toEqual(['ok', 'ok'])
    const { pending } = held.clock
    held.clock.tick(1000)
    expect(texts(next)).toHaveLength(5)
    expect(held.clock.pending).toBeLessThanOrEqual(pending)
    held.pipe.cut()
  })

  test('goes on without an answer when its time is over', async () => {
    const held = startHeldPipe({}, paced)
    held.upstream.destroy()
    await turns(2)
    const next = await held.attach()
    held.clock.tick(499)
    expect(texts(next)).toEqual(['hello', 'login'])
    held.clock.tick(1)
    expect(texts(next)).toEqual(['hello', 'login', 'join'])
    held.clock.tick(100)
    expect(texts(next)).toEqual(['hello', 'login', 'join', 'go'])
    held.pipe.cut()
  })

  test('begins anew with the upstream after one that was lost in the middle', async () => {
    const held = startHeldPipe({}, paced)
    held.upstream.destroy()
    await turns(2)
    const next = await held.attach()
    await say(next, frame({ opcode: opcode.text, payload: 'ok' }))
    next.destroy()
    await turns(2)
    held.clock.tick(1000)
    await turns(2)
    const third = await held.attach()
    expect(texts(third)).toEqual(['hello', 'login'])
    held.clock.tick(10_000)
    expect(texts(third)).toEqual(['hello', 'login', 'join', 'go'])
    expect(texts(next)).toEqual(['hello', 'login', 'join'])
    held.pipe.cut()
  })
})

describe('a client that nobody can set up again', () => {
  const options = {
    for: 30_000,
    on: [1012, 'lost' as const],
    buffer: 262_144,
    state: 'auto' as const,
    replay: { by: 'none' as const },
  }

  test.each([
    ['is let go after a moment, unless it is the one that asks', false, [1012]],
    ['waits on when it is that', true, []],
  ])('%s', async (_, mayWaitOn, told) => {
    const held = startHeldPipe({}, { options, mayWaitOn: () => mayWaitOn })
    held.upstream.destroy()
    await turns(2)
    held.clock.tick(249)
    expect([held.record.asking, codesOf(held.client)]).toEqual([1, []])
    held.clock.tick(1)
    expect(codesOf(held.client)).toEqual(told)
    expect(held.record).toMatchObject({
      asking: mayWaitOn ? 1 : 0,
      ended: mayWaitOn ? [] : ['not-restored'],
    })
    expect(held.record.searches[0]!.signal.aborted).toBe(!mayWaitOn)
    held.pipe.cut()
  })

  test('waits on when its upstream has said that it restores, or the next one is there in that moment', async () => {
    const told = startHeldPipe({}, { options, answers: true, mayWaitOn: () => false })
    told.upstream.destroy()
    await turns(2)
    told.clock.tick(5000)
    expect(codesOf(told.client)).toEqual([])
    told.pipe.cut()
    const quick = startHeldPipe({}, { options, mayWaitOn: () => false })
    quick.upstream.destroy()
    await turns(2)
    quick.clock.tick(100)
    await quick.attach(undefined, true)
    quick.clock.tick(500)
    expect([codesOf(quick.client), quick.record.restoredBy]).toEqual([[], ['upstream']])
    quick.pipe.cut()
  })
})

describe('a connection on a route with hold', () => {
  test('gives what came meanwhile to the next upstream, behind the message that was half sent', async () => {
    const held = startHeldPipe()
    const message = masked(longText)
    await say(held.client, masked('read'), message.subarray(0, 400))
    held.upstream.destroy()
    await turns(2)
    expect(held.record.searches).toEqual([{ departed: 1006, within: 30_000, signal: expect.anything() }])
    await say(held.client, message.subarray(400), masked('later'))
    const next = await held.attach()
    expect(texts(next)).toEqual([longText, 'later'])
    expect(held.record).toMatchObject({ held: 1, ended: ['attached'] })
    held.pipe.cut()
  })

  test('counts the messages that an upstream has not confirmed, each once', async () => {
    const held = startHeldPipe()
    await say(held.client, masked('one'), masked('two'))
    held.clock.tick(100)
    const marks = controls(held.upstream, opcode.ping)
    expect(marks.length).toBeGreaterThan(0)
    await say(held.upstream, frame({ opcode: opcode.pong, payload: marks.at(-1)!.payload }))
    expect(controls(held.client, opcode.pong)).toEqual([])
    await say(held.client, masked('three'))
    held.upstream.destroy()
    await turns(2)
    expect(held.record.lost).toEqual({ 'to-upstream': 1, 'to-client': 0 })
    const next = await held.attach()
    next.destroy()
    await turns(2)
    expect(held.record.lost['to-upstream']).toBe(1)
    held.pipe.cut()
  })

  test("a stranger's Pong of eight bytes confirms nothing and reaches the client", async () => {
    const held = startHeldPipe()
    await say(held.client, masked('one'))
    await say(held.upstream, frame({ opcode: opcode.pong, payload: Buffer.alloc(8) }))
    expect(controls(held.client, opcode.pong)).toHaveLength(1)
    held.upstream.destroy()
    await turns(2)
    expect(held.record.lost['to-upstream']).toBe(1)
    held.pipe.cut()
  })

  test('is quiet at the end of the message under way, then answers the drain Ping behind it', async () => {
    const held = startHeldPipe()
    const message = masked(longText)
    await say(held.client, message.subarray(0, 400))
    await say(held.upstream, drainPing)
    expect(controls(held.upstream, opcode.pong)).toEqual([])
    await say(held.client, Buffer.concat([message.subarray(400), masked('for the next one')]))
    const [pong] = controls(held.upstream, opcode.pong)
    expect(pong!.payload.equals(drainPayload)).toBe(true)
    expect(texts(held.upstream)).toEqual([longText])
    expect(controls(held.client, opcode.ping)).toEqual([])
    const mark = controls(held.upstream, opcode.ping).at(-1)!
    const read = frame({ opcode: opcode.pong, payload: mark.payload })
    await say(held.upstream, read, frame({ opcode: opcode.text, payload: 'owed' }), close(1012))
    expect(texts(held.client)).toEqual(['owed'])
    expect(texts(await held.attach())).toEqual(['for the next one'])
    expect(held.record.lost).toEqual({ 'to-upstream': 0, 'to-client': 0 })
    held.pipe.cut()
  })

  test('counts what it sent before the drain Pong when the upstream went without having read that', async () => {
    const held = startHeldPipe()
    await say(held.client, masked('one'))
    await say(held.upstream, drainPing)
    expect(controls(held.upstream, opcode.pong)).toHaveLength(1)
    await say(held.client, masked('for the next one'))
    await say(held.upstream, close(1012))
    expect(held.record.lost).toEqual({ 'to-upstream': 1, 'to-client': 0 })
    expect(texts(await held.attach())).toEqual(['for the next one'])
    held.pipe.cut()
  })

  test.each([
    ['by a drain Ping', drainPing],
    ['with a Close', close(1012)],
  ])('keeps for the next one what waits for the others when it is told to go %s', async (_, goodbye) => {
    const whenBack: (() => void)[] = []
    const held = startHeldPipe(
      {},
      {
        whenOthersBack(then) {
          whenBack.push(then)
          return () => {}
        },
      },
    )
    held.upstream.destroy()
    await turns(2)
    await say(held.client, masked('meanwhile'))
    const next = await held.attach()
    await say(next, goodbye)
    for (const then of whenBack) then()
    await say(held.client, masked('and then'))
    expect(texts(next)).toEqual([])
    if (goodbye === drainPing) await say(next, close(1012))
    held.clock.tick(1000)
    await turns(2)
    const third = await held.attach()
    for (const then of whenBack) then()
    await turns(1)
    expect(texts(third)).toEqual(['meanwhile', 'and then'])
    expect(held.record.lost).toEqual({ 'to-upstream': 0, 'to-client': 0 })
    held.pipe.cut()
  })

  test('talks on when an upstream that wanted silence went before the message had ended', async () => {
    const held = startHeldPipe()
    const message = masked(longText)
    await say(held.client, message.subarray(0, 400))
    await say(held.upstream, drainPing, close(1012))
    const next = await held.attach()
    await say(held.client, message.subarray(400), masked('after it'))
    expect(texts(next)).toEqual([longText, 'after it'])
    held.pipe.cut()
  })

  test('answers the Close of an upstream whose client is quiet, though a frame of the client is half here', async () => {
    const held = startHeldPipe()
    await say(held.upstream, drainPing)
    await say(held.client, masked(longText).subarray(0, 400))
    await say(held.upstream, close(1012))
    expect(codesOf(held.upstream)).toEqual([1012])
    held.pipe.cut()
  })

  test('lets go at once of an upstream that cannot be answered, inside a frame of the client', async () => {
    const held = startHeldPipe()
    await say(held.client, masked(longText).subarray(0, 400))
    await say(held.upstream, close(1012))
    expect(codesOf(held.upstream)).toEqual([])
    expect(held.upstream.writableEnded).toBe(true)
    held.pipe.cut()
  })

  test("answers the client's Pings while nobody else does, the one under way too", async () => {
    const ping = (payload: string) => frame({ opcode: opcode.ping, payload, mask: true })
    const held = startHeldPipe()
    await say(held.client, ping('answered'))
    await say(held.upstream, frame({ opcode: opcode.pong, payload: 'answered' }))
    await say(held.client, ping('under way'))
    held.upstream.destroy()
    await turns(2)
    await say(held.client, ping('held'))
    const answers = controls(held.client, opcode.pong).map(({ payload }) => String(payload))
    expect(answers).toEqual(['answered', 'under way', 'held'])
    const next = await held.attach()
    expect(controls(next, opcode.ping)).toEqual([])
    held.pipe.cut()
  })

  test('reads no more of a client than the buffer holds, and reads on when the next upstream is there', async () => {
    const held = startHeldPipe(
      {},
      { options: { for: 30_000, on: ['lost'], buffer: 5000, state: 'none', replay: { by: 'none' } } },
    )
    held.upstream.destroy()
    await turns(2)
    const sent = Array.from({ length: 40 }, (_, i) => `${i} ${longText}`)
    for (const text of sent) await say(held.client, masked(text))
    expect(held.client.isPaused()).toBe(true)
    expect(held.client.readableLength).toBeGreaterThan(30_000)
    const next = await held.attach()
    await turns(50)
    expect(texts(next)).toEqual(sent)
    held.pipe.cut()
  })

  test('reads the answer to its Close of a client whose buffer was full', async () => {
    const held = startHeldPipe(
      {},
      { options: { for: 30_000, on: ['lost'], buffer: 2000, state: 'none', replay: { by: 'none' } } },
    )
    held.upstream.destroy()
    await turns(2)
    for (let i = 0; i < 5; i++) await say(held.client, masked(longText))
    expect(held.client.isPaused()).toBe(true)
    await held.attach({ ok: false, result: 'too-late' })
    expect(codesOf(held.client)).toEqual([1012])
    await say(held.client, close(1012, true))
    await turns(5)
    expect(held.verdicts).toEqual([{ code: 1012, reason: expect.any(String), by: 'gateway' }])
    expect(held.record.ended).toEqual(['too-late'])
    expect(held.record.lost['to-upstream']).toBeGreaterThan(0)
  })

  test("hands on what a client says before it has answered a Close of the gateway's", async () => {
    const held = startHeldPipe()
    held.pipe.end({ what: 'gateway-drains', retry: 1 })
    await say(held.client, masked('last words'), close(1012, true))
    expect(texts(held.upstream)).toEqual(['last words'])
    expect(codesOf(held.upstream)).toEqual([1001])
    held.pipe.cut()
  })

  test('reads on from a client whose buffer was full when the replay module has said its last word', async () => {
    const held = startHeldPipe(
      {},
      {
        options: { for: 30_000, on: ['lost'], buffer: 2000, state: 'none', replay: { by: 'none' } },
        replay: { create: lateReplay },
      },
    )
    held.upstream.destroy()
    await turns(2)
    const next = await held.attach()
    const sent = Array.from({ length: 10 }, (_, i) => `${i} ${longText}`)
    for (const text of sent) await say(held.client, masked(text))
    expect(texts(next)).toEqual(['again'])
    await say(next, frame({ opcode: opcode.text, payload: 'ready' }))
    await turns(20)
    expect(texts(next)).toEqual(['again', 'and the rest', ...sent])
    held.pipe.cut()
  })

  test('gives up a next upstream that never says what the replay module waits for', async () => {
    const held = startHeldPipe({}, { replay: { create: lateReplay } })
    held.upstream.destroy()
    await turns(2)
    const next = await held.attach()
    held.clock.tick(30_000)
    // It is the second loss without a message in between.
    expect(codesOf(held.client)).toEqual([1012])
    expect(held.record).toMatchObject({ ended: ['attached'], letGo: ['lost-again'] })
    held.pipe.cut()
    expect(next.destroyed).toBe(true)
    await turns(1)
    expect(held.clock.pending).toBe(0)
  })

  test('leaves nothing behind when the client goes while it is held', async () => {
    for (const leave of [() => close(4000, true), () => null]) {
      const held = startHeldPipe()
      held.upstream.destroy()
      await turns(2)
      held.client.push(leave())
      held.client.push(null)
      await turns(4)
      expect(held.pipe.state).toBe('closed')
      expect(held.record.searches[0]!.signal.aborted).toBe(true)
      expect(held.record.ended).toEqual(['abandoned'])
      const late = await held.attach()
      expect(late.destroyed).toBe(true)
      expect(held.clock.pending).toBe(0)
    }
  })

  test('says 1011 when the search breaks down, and reports it', async () => {
    const errors: unknown[] = []
    const held = startHeldPipe(
      { onError: (error) => errors.push(error) },
      { redial: () => Promise.reject(new Error('a bug')) },
    )
    held.upstream.destroy()
    await turns(4)
    expect(codesOf(held.client)).toEqual([1011])
    expect(errors).toEqual([new Error('a bug')])
    held.pipe.cut()
  })
})
