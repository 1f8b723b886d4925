// A fault at any of the places where a connection calls what others wrote, or is called: it ends that connection with
// 1011 and nothing else.
import { fakeClock, frame, opcode, parseFrames } from '@holdfast/testing'
import { describe, expect, test } from 'vitest'
import type { PipeOptions } from '../src/connection/pipe-options.ts'
import type { HoldDeps } from '../src/hold/hold-host.ts'
import type { Replay } from '../src/hold/replay/module.ts'
import { type Connection, Connections } from '../src/session/connections.ts'
import { PeerStream, startHeldPipe, turns } from './piping.ts'

const broken = new Error('broken')
const fail = (): never => {
  throw broken
}
const text = (mask: boolean) => frame({ opcode: opcode.text, payload: 'x', mask })
const close = (code: number, mask: boolean) => {
  const payload = Buffer.alloc(2)
  payload.writeUInt16BE(code)
  return frame({ opcode: opcode.close, payload, mask })
}

type Started = ReturnType<typeof startHeldPipe>

const says = async ({ client }: Started) => void client.push(text(true))
const hears = async ({ upstream }: Started) => void upstream.push(text(false))
const loses = async ({ upstream, client }: Started) => {
  client.push(text(true))
  await turns(2)
  upstream.destroy()
}
const goesOn = async (started: Started) => {
  await loses(started)
  await turns(3)
  const next = await started.attach()
  next.push(text(false))
}

type What = { pipe?: Partial<PipeOptions>; hold?: Partial<HoldDeps>; replay?: Partial<Replay> }

const entries: Record<string, [What, (started: Started) => Promise<void>]> = {
  'create() of a replay module': [{ hold: { replay: { create: fail } } }, async () => {}],
  'onClient()': [{ replay: { onClient: fail } }, says],
  'onUpstream()': [{ replay: { onUpstream: fail } }, hears],
  'answer()': [{ replay: { answer: fail } }, goesOn],
  'replay()': [{ replay: { replay: fail } }, goesOn],
  'rest()': [{ replay: { rest: fail } }, goesOn],
  'swallow()': [{ replay: { swallow: fail } }, goesOn],
  'the listener for a loss of messages': [{ hold: { onLost: fail } }, loses],
  'the listener for the begin of a hold': [{ hold: { onHeld: fail } }, loses],
  'the listener for its end': [{ hold: { onHoldEnded: fail } }, goesOn],
  'the start of a search': [{ hold: { redial: fail } }, loses],
  'a search': [{ hold: { redial: () => Promise.reject(broken) } }, loses],
  'the draw of a delay': [
    {
      pipe: { retry: fail },
      hold: { options: { for: 1, on: [], buffer: 1, state: 'none', replay: { by: 'none' } } },
    },
    async ({ upstream }) => void upstream.push(close(1012, false)),
  ],
}

function start({ pipe, hold, replay }: What) {
  const errors: unknown[] = []
  const whole: Replay = { onClient() {}, onUpstream() {}, replay: () => [], swallow: () => false, ...replay }
  const started = startHeldPipe(
    { onError: (error) => void errors.push(error), ...pipe },
    { replay: { create: () => whole }, ...hold },
  )
  return { ...started, attach: started.attach, errors }
}

describe('a fault in', () => {
  test.each(Object.entries(entries))('%s tells the client 1011', async (_, [what, run]) => {
    const started = start(what)
    await run(started)
    await turns(5)
    const { frames } = parseFrames(started.client.bytes())
    expect(frames.at(-1)?.opcode).toBe(opcode.close)
    expect(frames.at(-1)!.payload.readUInt16BE()).toBe(1011)
    expect(started.errors).toEqual([broken])
    started.clock.tick(60_000)
    expect(started.pipe.state).toBe('closed')
    expect(started.verdicts).toMatchObject([{ code: 1011, by: 'gateway' }])
    expect(started.clock.pending).toBe(0)
  })

  test.each(['client', 'upstream'] as const)(
    'what hears of the end is reported; the %s is let go',
    async (who) => {
      const started = start({ pipe: { onClosed: fail } })
      started[who].destroy()
      await turns(3)
      if (who === 'upstream') started.pipe.cut()
      started.clock.tick(60_000)
      await turns(3)
      expect(started.pipe.state).toBe('closed')
      expect(started.errors).toEqual([broken])
      expect([started.client.destroyed, started.pipe.upstream.wire?.destroyed ?? true]).toEqual([true, true])
    },
  )

  test('a timer tells the client 1011, too', async () => {
    let dials = 0
    const redial = () =>
      dials++ === 0
        ? Promise.resolve({ ok: true as const, stream: second, restored: false })
        : (fail() as never)
    const second = new PeerStream()
    const started = start({ hold: { redial } })
    await loses(started)
    await turns(3)
    expect(started.pipe.state).toBe('open')
    // Without a word of it in between, a second loss would be the last.
    second.push(frame({ opcode: opcode.text, payload: 'here' }))
    await turns(2)
    second.destroy()
    await turns(3)
    expect(started.pipe.state).toBe('held')
    started.clock.tick(1000)
    expect(started.pipe.state).toBe('closing')
    expect(started.errors).toEqual([broken])
    started.pipe.cut()
    expect(started.verdicts).toMatchObject([{ code: 1011 }])
  })

  test('save() leaves the connection as it was', async () => {
    const started = start({ replay: { save: fail } })
    started.pipe.freeze()
    expect(() => started.pipe.pack()).toThrow(broken)
    started.pipe.thaw()
    started.client.push(text(true))
    await turns(3)
    expect(parseFrames(started.upstream.bytes()).frames[0]!.payload.toString()).toBe('x')

    started.upstream.destroy()
    await turns(3)
    expect(() => started.pipe.pack()).toThrow(broken)
    const next = await started.attach()
    started.client.push(text(true))
    await turns(3)
    expect(next.bytes().length).toBeGreaterThan(0)
    started.pipe.cut()
  })
})

test('a sweep goes on with the next connection after one that fails, and comes again', async () => {
  const clock = fakeClock()
  const connections = new Connections()
  const keepalive = { ping: 1000, timeout: 1000 }
  let breaks = false
  const writable = { get: () => (breaks ? fail() : 0) }
  const faulty = start({ pipe: { keepalive } })
  const sound = start({ pipe: { keepalive } })
  Object.defineProperty(faulty.client, 'writableLength', writable)
  for (const [id, { pipe }] of Object.entries({ faulty, sound })) {
    connections.register({ id, pipe } as Connection)
  }
  const stop = connections.sweep(1000, clock)
  breaks = true
  for (let i = 0; i < 3; i++) clock.tick(1000)
  expect(faulty.errors).toEqual([broken])
  expect(faulty.pipe.state).toBe('closing')
  const pinged = parseFrames(sound.client.bytes()).frames.some(({ opcode: op }) => op === opcode.ping)
  expect(pinged).toBe(true)
  stop()
  expect(clock.pending).toBe(0)
})

test('a stream that breaks in its own events ends its connection alone', async () => {
  const started = start({})
  const stream: PeerStream = started.client
  stream.resume = fail
  stream.takes = false
  started.pipe.client.block()
  started.upstream.emit('drain')
  await turns(2)
  expect(started.errors).toEqual([broken])
})
