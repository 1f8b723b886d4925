import { eventually, fakeClock } from '@holdfast/testing'
import { describe, expect, it } from 'vitest'
import { scripted } from '../scripted-connection.ts'
import { openSocket } from './open-socket.ts'
import { startTestGateway } from './start-test-gateway.ts'

const times = (seen: unknown[], one: unknown) => seen.filter((other) => other === one).length

describe('a socket with resume', () => {
  it('is told suspend and resume when the network breaks, and loses nothing in either direction', async () => {
    await using gateway = await startTestGateway()
    const { socket, seen, resumes } = openSocket(gateway.url, ['chat'])
    await eventually('open', () => seen.includes('open'))
    expect(socket.protocol).toBe('chat')
    expect(gateway.offers[0]).toEqual(['chat', 'holdfast.none', 'holdfast.v1'])
    socket.send('one')
    await eventually('an echo', () => seen.includes('one'))
    gateway.cut()
    socket.send('two')
    await eventually('suspend', () => seen.includes('suspend'))
    expect(socket.readyState).toBe(1)
    socket.send('three')
    gateway.sessions[0]!.send('from the server')
    await eventually('all', () => seen.includes('three') && seen.includes('from the server'))
    expect(seen.slice(0, 4)).toEqual(['open', 'one', 'suspend', 'resume'])
    expect(seen.filter((one) => one === 'close' || one === 'open')).toEqual(['open'])
    expect(resumes[0]).toMatchObject({ lost: 0, doubled: 0, awayMs: expect.any(Number) })
    expect(gateway.sessions).toHaveLength(1)
    expect(gateway.sessions[0]!.received).toEqual(['one', 'two', 'three'])
    expect(gateway.offers.at(-1)![3]).toMatch(/^holdfast\.v1\.[\w-]{43}\.1$/)
    expect(socket.protocol).toBe('chat')
    socket.close(4001, 'done')
    await eventually('close', () => seen.includes('close 4001'))
    expect(socket.readyState).toBe(3)
    expect(gateway.closes.at(-1)).toBe(4001)
  })

  it('keeps text, views, buffers, Blobs, empty and large messages as they were given, with deflate and without', async () => {
    for (const deflate of [false, true]) {
      await using gateway = await startTestGateway({ deflate, onMessage() {}, answers: () => false })
      const { socket, seen } = openSocket(gateway.url)
      await eventually('open', () => seen.includes('open'))
      const view = new Uint8Array([0, 1, 2, 3]).subarray(1, 3)
      const sent = [
        'text ✓',
        '',
        view,
        new Uint8Array([7]).buffer,
        new Blob(['blob']),
        new Uint8Array(0),
        'x'.repeat(2 ** 20),
      ]
      for (const message of sent) socket.send(message as string)
      view.fill(9)
      await eventually('the first time', () => gateway.sessions[0]!.received.length === sent.length)
      // Nothing was acknowledged, and what the gateway says it has is nothing either: all of it comes again.
      gateway.sessions[0]!.received.length = 0
      gateway.cut()
      await eventually('the second time', () => gateway.sessions[0]!.received.length === sent.length)
      expect(gateway.sessions[0]!.received.map((one) => (typeof one === 'string' ? one : [...one]))).toEqual([
        'text ✓',
        '',
        [1, 2],
        [7],
        [...new TextEncoder().encode('blob')],
        [],
        'x'.repeat(2 ** 20),
      ])
      socket.close()
    }
  })

  it('hands back what did not arrive when the session is over, and goes on with a new one on the same connection', async () => {
    await using gateway = await startTestGateway({ onMessage() {}, answers: () => false })
    const { socket, seen, closes } = openSocket(gateway.url)
    await eventually('open', () => seen.includes('open'))
    for (const message of ['one', 'two', 'three']) socket.send(message)
    await eventually('three', () => gateway.sessions[0]!.received.length === 3)
    gateway.sessions[0]!.received.length = 2
    gateway.sessions[0]!.expire()
    socket.addEventListener('suspend', () => socket.send('four'))
    gateway.cut()
    socket.addEventListener('close', () => socket.send('to the new one'), { once: true })
    await eventually('open', () => times(seen, 'open') === 2)
    expect(seen).toEqual(['open', 'suspend', 'close 1006', 'open'])
    expect(closes[0]).toMatchObject({
      retryIn: 0,
      session: { why: 'expired', confirmed: 2, unconfirmed: ['three', 'four'] },
    })
    await eventually('the message', () => gateway.sessions[1]!.received.length === 1)
    expect(gateway.sessions[1]!.received).toEqual(['to the new one'])
    expect(gateway.offers).toHaveLength(2)
    socket.close()
    await eventually('close', () => seen.includes('close 1005'))
    expect(closes.at(-1)!.session).toMatchObject({ why: undefined, unconfirmed: ['to the new one'] })
  })

  it('comes back once to say that it is closed, with what was left', async () => {
    await using gateway = await startTestGateway({ onMessage() {} })
    const { socket, seen } = openSocket(gateway.url)
    await eventually('open', () => seen.includes('open'))
    socket.addEventListener('suspend', () => {
      socket.send('left')
      socket.close(4002, 'bye')
      expect(socket.readyState).toBe(2)
    })
    gateway.cut()
    await eventually('close', () => seen.includes('close 4002'))
    expect(gateway.sessions[0]!.received).toEqual(['left'])
    expect(gateway.closes.at(-1)).toBe(4002)
    expect(gateway.sessions).toHaveLength(1)
  })

  it('closes after one attempt where the gateway is gone, and hands back what was left', async () => {
    const gateway = await startTestGateway({ onMessage() {} })
    const { socket, seen, closes } = openSocket(gateway.url)
    await eventually('open', () => seen.includes('open'))
    await gateway[Symbol.asyncDispose]()
    await eventually('suspend', () => seen.includes('suspend'))
    socket.send('left')
    socket.close()
    await eventually('close', () => closes.length > 0)
    expect(closes[0]).toMatchObject({ code: 1006, retryIn: null, session: { unconfirmed: ['left'] } })
    expect(socket.readyState).toBe(3)
  })

  it('keeps the session over closes in place of welcome and comes back when they say; 3000 is for the application', async () => {
    const refusals = [
      { code: 1012, reason: 'later; retry=10' },
      { code: 1014, reason: 'bad gateway; retry=10; sent=0' },
    ]
    let isRefusing = false
    await using gateway = await startTestGateway({
      refuse: () => (isRefusing ? refusals.shift() : undefined),
    })
    const { socket, seen, closes } = openSocket(gateway.url)
    await eventually('open', () => seen.includes('open'))
    isRefusing = true
    gateway.cut()
    socket.send('one')
    await eventually('resume', () => seen.includes('one'))
    expect(seen).toEqual(['open', 'suspend', 'resume', 'one'])
    expect(gateway.sessions).toHaveLength(1)
    refusals.push({ code: 3000, reason: 'another user' })
    gateway.cut()
    await eventually('close', () => closes.length > 0)
    expect(closes[0]).toMatchObject({
      code: 3000,
      reason: 'another user',
      retryIn: null,
      session: { confirmed: 1 },
    })
    expect(socket.readyState).toBe(3)
  })

  it('hands back all that did not arrive when a return is refused for good, also what waited for it', async () => {
    let refused: { code: number } | undefined
    await using gateway = await startTestGateway({ refuse: () => refused, answers: () => false })
    const { socket, seen, closes } = openSocket(gateway.url)
    await eventually('open', () => seen.includes('open'))
    socket.send('on its way')
    await eventually('it', () => gateway.sessions[0]!.received.length === 1)
    socket.addEventListener('suspend', () => socket.send('waits'))
    refused = { code: 3000 }
    gateway.cut()
    await eventually('the end', () => closes.length === 1)
    expect(closes[0]).toMatchObject({ code: 3000, retryIn: null })
    expect(closes[0]!.session).toMatchObject({ confirmed: 0, unconfirmed: ['on its way', 'waits'] })
    expect(socket.bufferedAmount).toBe(0)
  })

  it('says close for every Close of the server behind welcome, but not for one that says that it slept', async () => {
    await using gateway = await startTestGateway()
    const { socket, seen } = openSocket(gateway.url)
    await eventually('open', () => seen.includes('open'))
    for (const code of [1000, 1001, 1008, 1012, 4000]) {
      gateway.sessions.at(-1)!.close(code, 'x; retry=1')
      await eventually(`${code}`, () => seen.includes(`close ${code}`))
      if (socket.readyState === 3) socket.reconnect()
      await eventually('open', () => socket.readyState === 1 && seen.at(-1) === 'open')
    }
    const before = seen.length
    gateway.sessions.at(-1)!.park(1008, 'nothing acknowledged')
    await eventually('resume', () => seen.at(-1) === 'resume')
    expect(seen.slice(before)).toEqual(['suspend', 'resume'])
    socket.close()
  })

  it('counts what a listener that throws was given', async () => {
    await using gateway = await startTestGateway({ onMessage() {} })
    const { socket, seen } = openSocket(gateway.url)
    await eventually('open', () => seen.includes('open'))
    const thrown: unknown[] = []
    const listeners = process.listeners('uncaughtException')
    process.removeAllListeners('uncaughtException')
    process.on('uncaughtException', (error) => thrown.push(error))
    socket.onmessage = () => {
      throw new Error('of the application')
    }
    gateway.sessions[0]!.send('one')
    await eventually('the error', () => thrown.length === 1)
    process.removeAllListeners('uncaughtException')
    for (const listener of listeners) process.on('uncaughtException', listener)
    socket.onmessage = null
    gateway.cut()
    await eventually('resume', () => seen.includes('resume'))
    expect(gateway.offers.at(-1)!.at(-1)).toMatch(/\.1$/)
    expect(times(seen, 'one')).toBe(1)
    socket.close()
  })
})

/** A socket whose session has begun, on a connection without a network. */
function attached(welcome = {}, options = {}) {
  const clock = fakeClock()
  const { Class, made, last } = scripted()
  const opened = openSocket('ws://x/', [], { WebSocket: Class, clock, ...options })
  const nonce = 'AAECAwQFBgcICQoL'
  const greet = (more = {}) => {
    Object.assign(last(), { protocol: 'holdfast.v1' }).open()
    last().receive(
      `\0${nonce}${JSON.stringify({ type: 'welcome', token: 't', protocol: '', received: 0, resumed: false, window: 2 ** 20, for: 60_000, ...welcome, ...more })}`,
    )
  }
  greet()
  const say = (body: object) => last().receive(`\0${nonce}${JSON.stringify(body)}`)
  /** Control messages on the newest connection. */
  const controls = () =>
    last()
      .sent.filter((one) => typeof one === 'string' && one.startsWith(`\0${nonce}`))
      .map((one) => JSON.parse((one as string).slice(17)))
  return { ...opened, clock, made, last, greet, say, controls }
}

describe('a socket with resume, by the clock', () => {
  it.each([
    [0, [0, 0, 0, 0, 0]],
    [1 - 2 ** -32, [0, 1000, 2000, 3000, 29_999]],
  ])('comes back at once, then within 1 s, 2 s and 3 s, when %d is drawn', async (drawn, waits) => {
    const { clock, made, last, seen, greet } = attached({}, { random: () => drawn })
    for (const [i, wait] of waits.entries()) {
      // As through a balancer that sends it to a gateway that is gone.
      if (i > 0) Object.assign(last(), { protocol: 'holdfast.v1' }).open()
      last().end(1006, '')
      // Not a millisecond earlier.
      if (wait > 0) await clock.advance(wait - 1)
      expect(made).toHaveLength(i + 1)
      await clock.advance(wait > 0 ? 1 : 0)
      expect(made).toHaveLength(i + 2)
    }
    greet({ resumed: true })
    expect(seen).toEqual(['open', 'suspend', 'resume'])
  })

  it('acknowledges at once after welcome, then 64 messages, 64 KiB or half the window at once, and the rest after 1 s', async () => {
    const { clock, last, controls } = attached()
    expect(controls()).toEqual([{ type: 'ack', received: 0 }])
    for (let i = 0; i < 63; i++) last().receive('x')
    expect(controls()).toHaveLength(1)
    last().receive('x')
    expect(controls().at(-1)).toEqual({ type: 'ack', received: 64 })
    last().receive('é'.repeat(2 ** 15))
    expect(controls().at(-1)).toEqual({ type: 'ack', received: 65 })
    last().receive('x')
    await clock.advance(999)
    expect(controls()).toHaveLength(3)
    await clock.advance(1)
    expect(controls().at(-1)).toEqual({ type: 'ack', received: 66 })

    const small = attached({ window: 1000 })
    small.last().receive(new ArrayBuffer(499))
    expect(small.controls()).toHaveLength(1)
    small.last().receive(new ArrayBuffer(1))
    expect(small.controls().at(-1)).toEqual({ type: 'ack', received: 2 })
  })

  it('finds a dead link 8 s after it has sent a message, and comes back without waiting for its end', async () => {
    const { socket, seen, clock, made, greet, controls, last } = attached()
    socket.send('one')
    await clock.advance(4_999)
    expect(controls()).toHaveLength(1)
    await clock.advance(1)
    expect(controls().at(-1)).toMatchObject({ type: 'ping' })
    await clock.advance(3_000)
    expect(made).toHaveLength(2)
    expect(seen).toEqual(['open', 'suspend'])
    greet({ resumed: true, received: 0 })
    expect(seen).toEqual(['open', 'suspend', 'resume'])
    expect(last().sent.at(-1)).toBe('one')
    // A slow link is not a dead one: twice as long, until something is acknowledged.
    await clock.advance(5_000 + 5_999)
    expect(made).toHaveLength(2)
    await clock.advance(1)
    expect(made).toHaveLength(3)
  })

  it('asks after 20 s of silence, and takes anything that comes for a sign of life', async () => {
    const { clock, made, controls, say, last } = attached()
    await clock.advance(19_999)
    expect(controls()).toHaveLength(1)
    await clock.advance(1)
    expect(controls().at(-1)).toEqual({ type: 'ping', id: 0 })
    await clock.advance(2_900)
    last().receive('something')
    await clock.advance(2_900)
    say({ type: 'pong', id: 0 })
    await clock.advance(3_000)
    expect(made).toHaveLength(1)
    say({ type: 'ping', id: 7 })
    expect(controls().at(-1)).toEqual({ type: 'pong', id: 7 })
  })

  it('takes back what a lost gateway had acknowledged, and says so, and what it sends again', () => {
    const { socket, resumes, say, last, greet, clock } = attached()
    for (const message of ['one', 'two', 'three']) socket.send(message)
    say({ type: 'ack', received: 2 })
    last().end(1006, '', false)
    clock.tick(0)
    return clock.advance(0).then(() => {
      // What it knows itself goes before what the gateway reckons.
      greet({ resumed: true, received: 1, lost: 1, doubled: 20 })
      expect(resumes[0]).toMatchObject({ lost: 2, doubled: 1 })
      expect(last().sent.at(-1)).toBe('three')
      say({ type: 'ack', received: 2 })
      expect(socket.readyState).toBe(1)
    })
  })

  it('says that it is closed also when it is on its way back already', async () => {
    const { socket, closes, last, greet, clock } = attached()
    last().end(1006, '', false)
    await clock.advance(0)
    socket.send('left')
    socket.close(4002)
    await clock.advance(0)
    expect(closes).toEqual([])
    greet({ resumed: true })
    expect(last().sent.at(-1)).toBe('left')
    expect(last().readyState).toBe(2)
    last().end(4002)
    expect(closes).toMatchObject([{ code: 4002, retryIn: null }])
  })

  it('limits what waits while it is suspended, as buffer says, and never what a connection was given', async () => {
    const { socket, last, clock, greet } = attached({}, { buffer: { messages: 1 } })
    for (const message of ['one', 'two', 'three']) socket.send(message)
    last().end(1006, '', false)
    socket.send('four')
    expect(() => socket.send('five')).toThrow(expect.objectContaining({ name: 'InvalidStateError' }))
    expect(socket.bufferedAmount).toBe(4)
    await clock.advance(0)
    greet({ resumed: true })
    expect(last().sent.slice(1)).toEqual(['one', 'two', 'three', 'four'])
    expect(socket.bufferedAmount).toBe(0)
  })

  it('counts in bufferedAmount what no connection was given, also after a return', async () => {
    const { socket, last, say, clock, greet } = attached({ window: 30 })
    for (const message of ['one', 'three', 'five5', 'ü']) socket.send(message)
    // More than the window is not acknowledged.
    expect([last().sent.slice(1), socket.bufferedAmount]).toEqual([['one', 'three'], 7])
    say({ type: 'ack', received: 1 })
    expect([last().sent.slice(3), socket.bufferedAmount]).toEqual([['five5'], 2])
    last().end(1006, '', false)
    socket.send('six')
    expect(socket.bufferedAmount).toBe(3)
    await clock.advance(0)
    greet({ resumed: true, received: 1 })
    expect([last().sent.slice(1), socket.bufferedAmount]).toEqual([['three', 'five5'], 5])
    say({ type: 'ack', received: 3 })
    expect(last().readyState).toBe(1)
    expect(socket.bufferedAmount).toBe(0)
  })

  it('closes with 1002, and ends the session, when the gateway breaks the protocol', () => {
    for (const message of [
      { type: 'ack', received: 2 },
      { type: 'ack' },
      { type: 'pong', id: -1 },
      { type: 7 },
      [],
    ]) {
      const { socket, say, last, closes } = attached()
      const codes: unknown[] = []
      last().close = (code?: number) => void codes.push(code)
      socket.send('one')
      say(message)
      expect(codes).toEqual([1002])
      expect(closes[0]).toMatchObject({ code: 1002, session: { confirmed: 0, unconfirmed: ['one'] } })
      socket.close()
    }
    // What it does not know it ignores.
    const { seen, say } = attached()
    say({ type: 'constructors', received: -1 })
    expect(seen).toEqual(['open'])
  })

  it('leaves no timer behind', async () => {
    const { socket, last, clock } = attached()
    socket.send('one')
    last().receive('x')
    socket.close()
    last().end(1000)
    expect(socket.readyState).toBe(3)
    expect(clock.pending).toBe(0)
  })
})
