// How a worker finds a node for its sessions, on real sockets: who refuses, who dies meanwhile, and what is so then.
import { once } from 'node:events'
import net from 'node:net'
import { eventually, type FakeClock, fakeClock, freePort } from '@holdfast/testing'
import { afterEach, expect, test } from 'vitest'
import { createLogger, type FleetNode, systemClock } from '../src/core/index.ts'
import { type Handover, type OfferAnswer, RelayDialer, RelayPort } from '../src/relay/index.ts'
import { readGiven } from '../src/session/given-session.ts'
import { FleetGiver } from '../src/worker/session-giver.ts'

const log = createLogger({ level: 'silent' } as never)
const fleet = { name: 'chat', secrets: ['the secret of this fleet'] }

const open: (() => unknown)[] = []
afterEach(async () => {
  for (const end of open.splice(0).reverse()) await end()
})

interface Receiver {
  answer?: OfferAnswer
  /** Default: it takes what comes. */
  take?: (socket: net.Socket) => boolean
  versions?: number[]
}

/** A node that other nodes may give sessions to. */
async function receiver(
  id: string,
  { answer = { takes: true }, take = () => true, versions }: Receiver = {},
) {
  const offers: object[] = []
  const taken: Handover[] = []
  let last: net.Socket
  const port = new RelayPort({
    fleet,
    self: id,
    serve: () => false,
    receive: {
      async offered(offer) {
        offers.push(offer)
        return answer
      },
      async handedOver(session, from) {
        expect(from).toBe('giver')
        taken.push(session)
        return take(last)
      },
    },
    onRefused() {},
    clock: systemClock,
    log,
    ...(versions && { versions }),
  })
  const server = net.createServer({ allowHalfOpen: true }, (socket) => {
    last = socket
    open.push(() => socket.destroy())
    port.accept(socket)
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  open.push(() => server.close())
  const listen = { host: '127.0.0.1', port: (server.address() as net.AddressInfo).port }
  return { id, listen, offers, taken }
}

/** Gives to these, the first one first. `kept`: what is found out about a session of which nobody has said that he took it. */
function giver(nodes: FleetNode[], kept: 'kept' | 'lost' | 'unknown' = 'kept', clock?: FakeClock) {
  const asked: unknown[] = []
  const dialer = new RelayDialer({
    fleet,
    self: 'giver',
    holderOf: () => undefined,
    clock: systemClock,
    random: Math.random,
    log,
  })
  dialer.follow(nodes)
  const sessions = {
    isAway: false,
    isThere: async () => !sessions.isAway,
    given: (_id: string, session: string) => ({ epoch: 3, session }),
    async keep(...about: unknown[]) {
      asked.push(about)
      return kept
    },
  }
  const its = new FleetGiver({ dialer, sessions, clock: clock ?? systemClock, random: () => 0 })
  return {
    follow: (others: typeof nodes) => dialer.follow(others),
    reserve: (ms = 10_000, bytes = 100) => its.reserve('chat', bytes, ms),
    sessions,
    asked,
  }
}

const session = { id: 'AAAAAAAAAAAABBBB', session: 'x'.repeat(3_000_000) }

test('goes to the first that takes it; one that refuses is not asked again at once, and one that cannot be reached soon', async () => {
  const clock = fakeClock()
  const full = await receiver('full', { answer: { takes: false, why: 'it is full' } })
  const old = await receiver('old', { versions: [1] })
  const good = await receiver('good')
  const its = giver([full, old, good], 'kept', clock)
  for (let n = 0; n < 3; n++) expect(await (await its.reserve())!.hand(session)).toBe('taken')
  expect(good.taken).toHaveLength(3)
  expect(good.taken[0]).toEqual({ ...session, epoch: 3 })
  expect(full.offers).toEqual([{ route: 'chat', bytes: 200 }])
  expect(its.asked).toEqual([])
  await clock.advance(5_000)
  ;(await its.reserve())!.cancel()
  expect(full.offers).toHaveLength(2)

  const away = { id: 'away', listen: { host: '127.0.0.1', port: await freePort() } }
  const waits = giver([away], 'kept', clock)
  let result: unknown = 'none yet'
  const asked = waits.reserve(1_500).then((one) => {
    result = one
  })
  await eventually('it pauses', () => clock.pending > 0)
  expect(result).toBe('none yet')
  waits.follow([{ ...good, id: 'away' }, good].slice(1))
  await clock.advance(1_000)
  await asked
  expect(result).toBeDefined()
})

test('stays, or goes to the next, when the node that had it offered dies before it says that it took it', async () => {
  const dies = await receiver('dies', { take: (socket) => !socket.destroy() })
  const good = await receiver('good')
  const its = giver([dies, good])
  const reservation = (await its.reserve())!
  expect(await reservation.hand(session)).toBe('refused')
  expect(dies.taken).toHaveLength(1)
  expect(its.asked).toEqual([[session.id, 'dies', false]])
  expect(await (await its.reserve())!.hand(session)).toBe('taken')
  expect(good.taken).toHaveLength(1)
})

test("is the other node's when the store says so, and nobody knows when that is silent", async () => {
  const dies = () => receiver('dies', { take: (socket) => !socket.destroy() })
  const says = (kept: 'lost' | 'unknown', node: Awaited<ReturnType<typeof receiver>>) =>
    giver([node], kept)
      .reserve()
      .then((one) => one!.hand(session))
  expect(await says('lost', await dies())).toBe('taken')
  expect(await says('unknown', await dies())).toBe('unknown')
  // Who has said no does not go on with it.
  expect(await says('unknown', await receiver('says-no', { take: () => false }))).toBe('refused')
})

test('stays where nobody can be asked: no node, no store, no time, or more than a line takes', async () => {
  expect(await giver([]).reserve()).toBeUndefined()
  const good = await receiver('good')
  const its = giver([good])
  expect(await its.reserve(10_000, 9 * 1024 * 1024)).toBeUndefined()
  its.sessions.isAway = true
  expect(await its.reserve()).toBeUndefined()
  expect(good.offers).toEqual([])
  // Who has little time does not wait for the store to come back.
  const hurried = giver([good], 'kept', fakeClock())
  hurried.sessions.isAway = true
  expect(await hurried.reserve(200)).toBeUndefined()
  its.sessions.isAway = false
  // Sixteen at a time.
  const all = await Promise.all(Array.from({ length: 16 }, () => its.reserve()))
  const late = its.reserve(20)
  expect(await late).toBeUndefined()
  for (const one of all) one!.cancel()
  expect(await its.reserve()).toBeDefined()
})

test('a session of another form than this or the one before is refused', () => {
  for (const written of ['', '{}', '{"v":9}', '{"v":1,"id":"x"}', 'null'])
    expect(() => readGiven(written)).toThrow()
})
