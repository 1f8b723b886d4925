// Which sessions a gateway gives that has too many: only such as go on here unnoticed when nobody takes them.
import { once } from 'node:events'
import net from 'node:net'
import { gatewayOptions, rawUpstream } from '@holdfast/testing'
import { expect, test } from 'vitest'
import { createLogger } from '../src/core/index.ts'
import { Gateway } from '../src/gateway.ts'
import type { SessionDirectory, SessionGiver } from '../src/resume/index.ts'
import { TokenSeries } from '../src/resume/index.ts'
import { resumeOptions, resumingClient } from './resuming.ts'

const log = createLogger({ level: 'silent' } as never)

const directory: SessionDirectory = {
  list: async () => ({
    ...{ series: new TokenSeries('AAAAAAAAAAAABBBB', Buffer.alloc(32, 1)), epoch: 0 },
    ...{ end() {}, leave() {}, begun() {} },
  }),
  seek: async () => undefined,
}

/** A gateway with one session, and a node that takes everything. */
async function start(upstream: string) {
  const options = gatewayOptions({
    upstreams: [upstream],
    resume: resumeOptions(),
    hold: { for: 10_000, on: [1012, 'lost'], buffer: 65_536, state: 'none', replay: { by: 'none' } },
  })
  options.drain = { ...options.drain, spread: 0, deadline: 20_000 }
  const giver: SessionGiver = { reserve: async () => ({ hand: async () => 'taken', cancel() {} }) }
  const gateway = new Gateway(options, { log, directory, giver })
  await gateway.prepare()
  const server = net.createServer({ allowHalfOpen: true }, (socket) =>
    gateway.accept(options.listen[0]!, socket),
  )
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return {
    gateway,
    url: `ws://127.0.0.1:${(server.address() as net.AddressInfo).port}`,
    [Symbol.dispose]() {
      gateway.stop()
      server.close()
    },
  }
}

test('one whose upstream is inside a message is not given, and is given behind it', async () => {
  await using raw = await rawUpstream()
  using its = await start(raw.url)
  const client = await resumingClient(its.url)
  const server = await raw.connection()
  server.frame({ opcode: 1, fin: false, payload: 'half of ' })
  server.ping('behind it')
  // It stands behind the half: the gateway has read that.
  await client.connection!.changes.until('the ping', () =>
    client.connection!.frames.some(({ opcode }) => opcode === 9),
  )
  expect(await its.gateway.giveSome(1, ['another'])).toEqual({ given: [], notGiven: 0, none: true })
  server.frame({ opcode: 0, fin: true, payload: 'it' })
  await client.until(1)
  expect(await its.gateway.giveSome(2, ['another'])).toEqual({ given: ['another'], notGiven: 0, none: false })
})

test('one that has had thirty upstreams in five minutes is not given: with the next loss its client would be told', async () => {
  await using raw = await rawUpstream()
  using its = await start(raw.url)
  const client = await resumingClient(its.url)
  for (let n = 1; n <= 30; n++) {
    const server = await raw.connection()
    server.text(`from number ${n}`)
    await client.until(n)
    server.close(1012)
  }
  const server = await raw.connection()
  server.text('from the last')
  await client.until(31)
  expect(await its.gateway.giveSome(2, ['another'])).toEqual({ given: [], notGiven: 0, none: true })
})
