import { fakeClock } from '@holdfast/testing'
import { describe, expect, it } from 'vitest'
import type { ReconnectCloseEvent, ReconnectingWebSocketOptions } from '../src/index.ts'
import { ReconnectingWebSocket } from '../src/index.ts'
import { scripted } from './scripted-connection.ts'

/** A socket on a clock that stands still, whose every random draw is `drawn`. */
function start(drawn: number, options: ReconnectingWebSocketOptions = {}) {
  const clock = fakeClock()
  const { Class, made, last } = scripted()
  const socket = new ReconnectingWebSocket('ws://x/', [], {
    WebSocket: Class,
    clock,
    random: () => drawn,
    ...options,
  })
  const closes: ReconnectCloseEvent[] = []
  socket.addEventListener('close', (event) => closes.push(event))
  const said = () => closes.map(({ retryIn }) => retryIn)
  /** Until the next attempt, and not on into its time limit. */
  const comeBack = () => clock.advance(closes.at(-1)?.retryIn ?? 0)
  return { clock, made, last, socket, closes, said, comeBack }
}

/** Loses the connection so often with this code, at once after each open; what each close says. */
async function delays(code: number, reason: string, count: number, drawn: number) {
  const one = start(drawn)
  for (let i = 0; i < count; i++) {
    one.last().open()
    one.last().end(code, reason)
    const { retryIn } = one.closes.at(-1)!
    if (retryIn === null) break
    // Not a millisecond earlier.
    if (retryIn > 0) await one.clock.advance(retryIn - 1)
    expect(one.made).toHaveLength(i + 1)
    await one.clock.advance(retryIn > 0 ? 1 : 0)
    expect(one.made).toHaveLength(i + 2)
  }
  const said = one.said()
  one.socket.close()
  return said
}

// The table of the design, section 11: what comes with random 0 and with random just below 1.
const rows: { codes: number[]; least: number[]; most: number[] }[] = [
  { codes: [1012], least: [1000, 1000, 1000, 1000], most: [5000, 10_000, 20_000, 30_000] },
  { codes: [1013], least: [5000, 5000, 5000, 5000], most: [30_000, 60_000, 120_000, 120_000] },
  { codes: [1014, 3008], least: [0, 0, 0, 0, 0, 0], most: [1000, 2000, 4000, 8000, 16_000, 30_000] },
  { codes: [1001, 1005, 1006, 1011, 1015], least: [0, 0, 0, 0], most: [5000, 10_000, 20_000, 30_000] },
  { codes: [4000, 4001, 4500, 4999, 3500, 1016], least: [0, 0, 0], most: [1000, 2000, 4000] },
]

describe('the delay after a close, by its code', () => {
  for (const { codes, least, most } of rows) {
    for (const code of codes) {
      it(`${code}: from ${least[0]} to ${most[0]} ms, then backoff up to ${most.at(-1)}`, async () => {
        expect(await delays(code, '', most.length, 0.999999)).toEqual(most.map((ms) => ms - 1))
        expect(await delays(code, '', least.length, 0)).toEqual(least)
      })
    }
  }

  for (const code of [1000, 1002, 1003, 1007, 1008, 1009, 1010, 3000, 3003]) {
    it(`${code}: stays away`, async () => {
      expect(await delays(code, '', 3, 0.5)).toEqual([null])
      // The server's wish for a return does not make one of a stop.
      expect(await delays(code, 'x; retry=100', 3, 0.5)).toEqual([null])
    })
  }

  for (const code of [1012, 1013, 1014, 1001, 1011, 4321]) {
    it(`${code}: comes back after what the server asks for, to the millisecond`, async () => {
      const [first] = await delays(code, 'service restart; retry=2400', 1, 0.5)
      expect(first).toBe(2400)
    })
  }

  it('keeps retry= as the least from the second attempt on, so that retry=0 cannot make it spin', async () => {
    expect(await delays(1012, 'retry=0', 1, 0.5)).toHaveLength(1)
    const one = start(0.5)
    for (let i = 0; i < 4; i++) {
      one.last().open()
      one.last().end(1012, 'retry=0')
      await one.comeBack()
    }
    expect(one.said()).toEqual([0, 5500, 10_500, 15_500])
    one.socket.close()
  })
})

describe('the backoff', () => {
  it('starts again after a connection that lived for minUptime, not before', async () => {
    const { clock, last, said, socket, comeBack } = start(0.5)
    const lose = async (lifetime: number) => {
      last().open()
      await clock.advance(lifetime)
      last().end(1014, 'bad gateway')
      await comeBack()
    }
    await lose(0)
    await lose(4_999)
    await lose(5_000)
    await lose(0)
    expect(said()).toEqual([500, 1000, 500, 1000])
    socket.close()
  })

  it('counts attempts that never opened', async () => {
    const { last, said, socket, comeBack } = start(0.5)
    for (let i = 0; i < 4; i++) {
      last().onerror?.({ type: 'error' })
      await comeBack()
    }
    expect(said()).toEqual([2500, 5000, 10_000, 15_000])
    socket.close()
  })

  it('stays away after maxRetries returns in a row', async () => {
    const { clock, last, made, said, socket, comeBack } = start(0.5, { maxRetries: 2 })
    for (let i = 0; i < 3; i++) {
      last().onerror?.({ type: 'error' })
      await comeBack()
    }
    await clock.advance(60_000)
    expect(said()).toEqual([2500, 5000, null])
    expect(made).toHaveLength(3)
    expect(socket.readyState).toBe(3)
    expect(clock.pending).toBe(0)
  })

  it('counts maxRetries anew after a connection that lived', async () => {
    const { clock, last, said } = start(0.5, { maxRetries: 1, minUptime: 10 })
    for (let i = 0; i < 3; i++) {
      last().open()
      await clock.advance(10)
      last().end(1012, 'retry=100')
      await clock.advance(100)
    }
    last().end(1006, '', false)
    expect(said()).toEqual([100, 100, 100, null])
  })
})

describe('retry', () => {
  it('is asked with the event and the attempt, and its milliseconds are kept', async () => {
    const asked: unknown[] = []
    const { clock, last, made, said, socket } = start(0.5, {
      retry: ({ code, reason, wasClean, retryIn }, attempt) => {
        asked.push([code, reason, wasClean, retryIn, attempt])
        return 70 + attempt
      },
    })
    last().open()
    last().end(4000, 'kicked')
    await clock.advance(70)
    last().end(1008, 'not you')
    await clock.advance(71)
    expect(made).toHaveLength(3)
    expect(said()).toEqual([70, 71])
    expect(asked).toEqual([
      [4000, 'kicked', true, 500, 0],
      [1008, 'not you', true, null, 1],
    ])
    socket.close()
  })

  it('stays away for null, and goes by the table for undefined, NaN and a negative number', async () => {
    for (const [answer, said] of [
      [null, null],
      [undefined, 500],
      [Number.NaN, 500],
      [-1, 500],
      [0, 0],
    ] as const) {
      const one = start(0.5, { retry: () => answer })
      one.last().open()
      one.last().end(4000)
      expect(one.said()).toEqual([said])
      one.socket.close()
      await one.clock.advance(0)
    }
  })

  it('is not asked when there is no return left', () => {
    const { last, said } = start(0.5, { maxRetries: 0, retry: () => 5 })
    last().open()
    last().end(1012)
    expect(said()).toEqual([null])
  })

  it('may wait longer than a timer can', async () => {
    const { clock, last, made, socket } = start(0.5, { retry: () => Number.POSITIVE_INFINITY })
    last().open()
    last().end(1012)
    await clock.advance(2 ** 31 - 2)
    expect(made).toHaveLength(1)
    socket.close()
  })

  it('may close the socket: it then stays away', async () => {
    const { clock, last, said, socket, made } = start(0.5, {
      retry: () => {
        socket.close()
        return 5
      },
    })
    last().open()
    last().end(1012)
    await clock.advance(60_000)
    expect(said()).toEqual([null])
    expect(socket.readyState).toBe(3)
    expect(made).toHaveLength(1)
  })
})
