// What the tests of a hold's ends share: its options, an upstream that restarts, and what is left afterwards.
import { type RawUpstreamOptions, type RouteInit, rawUpstream, type TestGateway } from '@holdfast/testing'
import { expect } from 'vitest'

type Hold = NonNullable<RouteInit['hold']>

export function holding(settings: Partial<Hold> = {}): Hold {
  return {
    for: 10_000,
    on: [1012, 'lost'],
    buffer: 64 * 1024,
    state: 'none',
    replay: { by: 'none' },
    ...settings,
  }
}

export const restartReason = /^service restart; retry=\d+$/

/** The route as it is now. */
export async function route(gateway: TestGateway) {
  return (await gateway.snapshot()).routes[0]!
}

/** Resolves when that many connections are held. */
export async function held(gateway: TestGateway, count = 1) {
  await expect
    .poll(async () => (await route(gateway)).connections, { interval: 5 })
    .toMatchObject({ open: 0, held: count })
}

/** Nothing is left of any connection: none registered, none counted at an upstream. */
export async function nothingLeft(gateway: TestGateway) {
  await expect.poll(() => gateway.connections(), { interval: 5 }).toEqual([])
  const { connections, upstreams } = await route(gateway)
  expect(connections).toEqual({ open: 0, held: 0, closing: 0 })
  expect(upstreams.map(({ connections }) => connections)).toEqual(upstreams.map(() => 0))
}

/** An upstream that can say 1012 to everybody and answer no further handshake until it is back. */
export async function restartingUpstream(options: RawUpstreamOptions = {}) {
  let gone = false
  const upstream = await rawUpstream({
    ...options,
    onRequest: (_, socket) => {
      if (gone) socket.destroy()
      return gone
    },
  })
  return {
    upstream,
    restart() {
      gone = true
      for (const peer of upstream.connections) if (!peer.ending) peer.close(1012)
    },
    /** Resolves when it is back and has had that many connections in all. */
    async back(connections: number) {
      gone = false
      await expect.poll(() => upstream.connections.length, { interval: 5 }).toBe(connections)
    },
    [Symbol.asyncDispose]: () => upstream[Symbol.asyncDispose](),
  }
}
