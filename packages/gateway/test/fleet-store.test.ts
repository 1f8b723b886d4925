// The client library at what a real Redis does when it is in trouble: each call has an end, and says why.
import { Child, eventually, freePort, hasRedis, startRedis } from '@holdfast/testing'
import { describe, expect, test } from 'vitest'
import { readStore } from '../src/config/schema-fleet.ts'
import { systemClock } from '../src/core/index.ts'
import { onlyPrivate } from '../src/fleet/redis-client.ts'
import { RedisStore } from '../src/fleet/redis-store.ts'
import { callWithinMs, type Script } from '../src/fleet/store.ts'

const write: Script = {
  name: 'write',
  lua: "redis.call('SET', KEYS[1], ARGV[1]) return redis.call('GET', KEYS[1])",
}

function storeAt(url: string) {
  const store = readStore(url)
  if (!('nodes' in store)) throw new Error(store.message)
  let reconnected = 0
  const options = { name: 'test', store, secrets: ['x'], drainWait: 0 }
  const redis = new RedisStore({ options, clock: systemClock, onReconnected: () => reconnected++ })
  /** 'done', or how it failed. The first call may wait for the library to be loaded, and each for a processor. */
  const outcome = (withinMs = 20_000) =>
    redis.run(write, ['{k}:1'], ['a'], withinMs).then(
      (reply) => (reply === 'a' ? 'done' : `${reply}`),
      (error) => `${error.late ? 'late' : 'failed'}: ${error.message}`,
    )
  return {
    outcome,
    works: (what: string) => eventually(what, async () => (await outcome(callWithinMs)) === 'done'),
    renew: () => redis.renew(),
    get reconnected() {
      return reconnected
    },
    [Symbol.dispose]: () => redis.close(),
  }
}

describe.runIf(hasRedis)('a call to the store', () => {
  test('is answered, also when the script is not known there any more', async () => {
    await using server = await startRedis()
    using store = storeAt(`redis://127.0.0.1:${server.port}`)
    expect(await store.outcome()).toBe('done')
    server.cli('SCRIPT', 'FLUSH')
    expect(await store.outcome()).toBe('done')
    expect(store.reconnected).toBe(0)
  })

  test('is late while the server stands still, and is answered again when it goes on', async () => {
    await using server = await startRedis()
    using store = storeAt(`redis://127.0.0.1:${server.port}`)
    await store.outcome()
    server.signal('SIGSTOP')
    expect(await store.outcome(callWithinMs)).toBe('late: no answer in 250 ms')
    server.signal('SIGCONT')
    await store.works('an answer')
  })

  test('fails at once while the server is away; that it is another one then is told', async () => {
    await using server = await startRedis()
    using store = storeAt(`redis://127.0.0.1:${server.port}`)
    await store.outcome()
    await server.kill()
    expect(await eventually('the failure', async () => /^failed/.exec(await store.outcome()))).toBeTruthy()
    await server.start()
    await store.works('an answer of the next one')
    expect(store.reconnected).toBe(1)
  })

  test('says what keeps the server from it: OOM, READONLY, NOAUTH, BUSY', async () => {
    await using server = await startRedis()
    using store = storeAt(`redis://127.0.0.1:${server.port}`)
    await store.outcome()
    server.cli('CONFIG', 'SET', 'maxmemory', '1')
    expect(await store.outcome()).toMatch(/^failed: OOM/)
    server.cli('CONFIG', 'SET', 'maxmemory', '0')
    server.cli('REPLICAOF', '127.0.0.1', '1')
    expect(await store.outcome()).toMatch(/^failed: READONLY/)
    server.cli('REPLICAOF', 'NO', 'ONE')
    expect(await store.outcome()).toBe('done')
    server.cli('CONFIG', 'SET', 'requirepass', 'secret')
    store.renew()
    expect(await store.outcome()).toMatch(/^failed: NOAUTH/)
    using authorised = storeAt(`redis://:secret@127.0.0.1:${server.port}`)
    expect(await authorised.outcome()).toBe('done')
    using wrong = storeAt(`redis://:other@127.0.0.1:${server.port}`)
    await eventually('WRONGPASS', async () => (await wrong.outcome(1000)).includes('WRONGPASS'))
    server.cli('-a', 'secret', 'CONFIG', 'SET', 'busy-reply-threshold', '1')
    const busy = ['-p', String(server.port), '-a', 'secret', 'EVAL', 'while true do end', '0']
    await using _script = new Child('redis-cli', busy)
    await eventually('BUSY', async () => /^failed: BUSY/.exec(await authorised.outcome()))
    server.cli('-a', 'secret', 'SCRIPT', 'KILL')
    await authorised.works('an answer after the script')
  })

  test('fails while the server loads what it had, and works then', async () => {
    await using server = await startRedis({ config: 'appendonly yes\nkey-load-delay 200' })
    using store = storeAt(`redis://127.0.0.1:${server.port}`)
    await store.outcome()
    server.cli('EVAL', "for i = 1, 3000 do redis.call('SET', 'k' .. i, i) end", '0')
    await server.kill()
    await server.start()
    const seen = new Set<string>()
    await eventually('an answer', async () => {
      const outcome = await store.outcome(callWithinMs)
      seen.add(outcome)
      return outcome === 'done'
    })
    expect([...seen].filter((one) => !/^(done|late|failed)/.test(one))).toEqual([])
  })

  test('fails when nobody was ever there', async () => {
    using store = storeAt(`redis://127.0.0.1:${await freePort()}`)
    await eventually('the refusal', async () => (await store.outcome(1000)).includes('ECONNREFUSED'))
  })

  test('does not go out in clear text to where a name leads on the Internet', async () => {
    const asked = (...addresses: string[]) =>
      new Promise((resolve) => {
        const found = addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))
        const look = (_: string, __: object, callback: (...args: unknown[]) => void) => callback(null, found)
        const lookup = onlyPrivate(look as never)
        lookup('store.test', { all: true }, (error, addresses) => resolve(error?.message ?? addresses))
      })
    expect(await asked('10.0.0.5', 'fd00::1')).toHaveLength(2)
    expect(await asked('10.0.0.5', '2001:db8::1')).toBe(
      'store.test is 2001:db8::1, which is no private address: use rediss',
    )
    using store = storeAt(`redis://localhost:${await freePort()}`)
    await eventually('the refusal', async () => (await store.outcome(1000)).includes('ECONNREFUSED'))
  })
})
