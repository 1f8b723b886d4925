// What a client has said while its server was away follows when others of the route are there to hear what comes of it.
import type net from 'node:net'
import { fakeClock, opcode, rawClient, rawUpstream, startGateway } from '@holdfast/testing'
import { describe, expect, test } from 'vitest'
import { Returns } from '../src/hold/returns.ts'
import { holding, route } from './holding.ts'

test('a client that is restored first waits for those that are still away', async () => {
  const clock = fakeClock()
  let stuck: net.Socket | undefined
  await using upstream = await rawUpstream({
    // The second one that comes again is not answered.
    onRequest({ headers }, socket) {
      if (!headers['holdfast-reattach'] || upstream.connections.length < 3) return false
      stuck = socket
      return true
    },
  })
  await using gateway = await startGateway({ upstreams: [upstream.url], hold: holding() }, { clock })
  await using speaker = await rawClient(gateway.url)
  await using listener = await rawClient(gateway.url)
  const [first, second] = upstream.connections
  first!.close(1012)
  second!.close(1012)
  await expect.poll(() => stuck, { interval: 5 }).toBeDefined()
  await expect.poll(async () => (await route(gateway)).connections).toMatchObject({ open: 1, held: 1 })
  const next = upstream.connections[2]!
  speaker.text('said meanwhile')
  // Whoever answers has read what stands before it.
  speaker.ping('are you there')
  expect(await speaker.nextFrame()).toMatchObject({ opcode: opcode.pong })
  expect(next.messages).toEqual([])
  listener.stream.destroy()
  expect(String((await next.message()).payload)).toBe('said meanwhile')
  speaker.text('and more')
  expect(String((await next.message()).payload)).toBe('and more')
})

describe('clients of a route that are away', () => {
  test('are waited for until the last is back, once each, and nobody is when none is away', () => {
    const returns = new Returns(fakeClock())
    const told: string[] = []
    returns.whenBack(() => told.push('nobody away'))
    expect(told).toEqual(['nobody away'])
    const [one, other] = [returns.left(), returns.left()]
    returns.whenBack(() => told.push('first'))
    returns.whenBack(() => told.push('called off'))()
    one()
    one()
    returns.whenBack(() => told.push('second'))
    expect(told).toEqual(['nobody away'])
    other()
    expect(told).toEqual(['nobody away', 'first', 'second'])
  })

  test('are waited for a quarter of a second at most, and no timer stays', () => {
    const clock = fakeClock()
    const returns = new Returns(clock)
    const told: string[] = []
    const back = returns.left()
    returns.whenBack(() => told.push('late'))
    returns.whenBack(() => told.push('never'))()
    clock.tick(249)
    expect(told).toEqual([])
    clock.tick(1)
    expect([told, clock.pending]).toEqual([['late'], 0])
    returns.whenBack(() => told.push('soon'))
    back()
    expect([told, clock.pending]).toEqual([['late', 'soon'], 0])
  })
})
