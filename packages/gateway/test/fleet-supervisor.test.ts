// The supervisor of a node is replaced: it is one node all the while, and counts each of its connections once.
import { eventually, hasRedis, startRedis, startUpstream, wsClient } from '@holdfast/testing'
import { pino } from 'pino'
import { expect, test } from 'vitest'
import { systemClock } from '../src/core/index.ts'
import { Fleet } from '../src/fleet/index.ts'
import { Ledger } from '../src/handshake/index.ts'
import { optionsFor } from './config-text.ts'
import { replace, serve, state, stop } from './upgrading.ts'

test.runIf(hasRedis)(
  'a node whose supervisor is replaced stays the same one, and counts each connection once',
  async () => {
    await using redis = await startRedis()
    await using upstream = await startUpstream()
    const limits = { scope: 'fleet', perAddress: 8 }
    await using node = await serve(upstream.url, {
      env: { HOLDFAST_FLEET_SECRET: 'the secret of this fleet' },
      config: {
        workers: 1,
        fleet: { name: 'one', store: `redis://127.0.0.1:${redis.port}`, secret: '$HOLDFAST_FLEET_SECRET' },
        routes: [{ name: 'chat', upstreams: [upstream.url], limits }],
      },
    })
    const key = (part: string) => `holdfast:{one}:${part}`
    const total = () => Number(redis.cli('HGET', key('totals'), 'c chat'))
    await eventually('the store', async () => (await state(node)).fleet?.store.state === 'present')
    const clients = Array.from({ length: 5 }, () => wsClient(node.url))
    for (const { opened } of clients) await opened
    await eventually('five', () => total() === 5)
    const { id } = (await state(node)).fleet!

    const seen = { members: new Set<string>(), totals: new Set<number>() }
    const looking = setInterval(() => {
      seen.members.add(redis.cli('HKEYS', key('records')))
      seen.totals.add(total())
    }, 50)
    try {
      await replace(node)
      // Of what was counted when it was handed over, and has ended since, nothing is left.
      clients[0]!.socket.close(1000)
      await eventually('four', () => total() === 4)
      // What the others would do for one that is gone, they do with its next announcement.
      await eventually(
        'an announcement of the new supervisor',
        async () => (await state(node)).fleet!.store.calls.answered > 3,
      )
    } finally {
      clearInterval(looking)
    }
    const { fleet } = await state(node)
    expect(fleet!.id).toBe(id)
    expect([...seen.members]).toEqual([id])
    expect(Math.max(...seen.totals)).toBe(5)
    expect(redis.cli('SMEMBERS', key('dead'))).toBe('')
    expect(redis.cli('KEYS', key('uses:*'))).toBe(key(`uses:${id}`))

    for (const client of clients.slice(1)) client.socket.close(1000)
    await eventually('none', () => total() === 0)
    await stop(node)
    expect(redis.cli('HLEN', key('records'))).toBe('0')
  },
)

test.runIf(hasRedis)(
  'what rests says nothing that is old by then, and all of it if it goes on after all',
  async () => {
    await using redis = await startRedis()
    const text = `fleet: { name: two, store: 'redis://127.0.0.1:${redis.port}', secret: $FLEET_SECRET }
routes: [{ name: chat, upstreams: [ws://b], limits: { scope: fleet, perAddress: 8 } }]`
    const { fleet: options, routes } = await optionsFor(text)
    const make = (id?: string) => {
      const log = pino({ enabled: false })
      const local = new Ledger({ clock: systemClock })
      const describe = () => ({ version: '1', phase: 'serving' as const, generation: 1, connections: 0 })
      const deps = {
        options: options!,
        routes,
        describe,
        local,
        onTicketKeys: () => {},
        log,
        clock: systemClock,
      }
      const node = new Fleet({ ...deps, id })
      return Object.assign(node, { enter: () => node.ledger.enter('chat', '10.0.0.1') })
    }
    const total = () => Number(redis.cli('HGET', 'holdfast:{two}:totals', 'c chat'))
    const before = make()
    before.start()
    const [first, second] = [before.enter(), before.enter(), before.enter()]
    await eventually('three', () => total() === 3)
    before.rest()
    const after = make(before.id)
    for (let i = 0; i < 3; i++) after.enter()
    after.start()
    await eventually('three of the other', () => after.info.store.state === 'present' && total() === 3)
    first!()
    const { answered } = before.info.store.calls
    await eventually('its next announcement', () => before.info.store.calls.answered > answered)
    expect(total()).toBe(3)
    after.kill()
    second!()
    before.goOn()
    await eventually('one', () => total() === 1)
    await before.stop()
  },
)
