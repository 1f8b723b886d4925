// A live upgrade has taken a connection to a new worker, and left its session in the old one, on real sockets in one process: what becomes of both
// when the new one drains, or gives some of its sessions. Who takes them is the test.
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { eventually, gatewayOptions, type RouteInit, rawUpstream, startUpstream } from '@holdfast/testing'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createLogger, systemClock } from '../src/core/index.ts'
import { type Carrier, Gateway } from '../src/gateway.ts'
import type { GivenAway, Listing, Reservation, SessionDirectory, SessionGiver } from '../src/resume/index.ts'
import { TokenSeries } from '../src/resume/index.ts'
import { readGiven } from '../src/session/given-session.ts'
import { Joint, lightest, takeHandle, wireOf } from '../src/wire/index.ts'
import { JointCarrier } from '../src/worker/carrier.ts'
import { SessionExchange } from '../src/worker/session-exchange.ts'
import { resumeOptions, resumingClient } from './resuming.ts'

const log = createLogger({ level: 'silent' } as never)
const clock = systemClock

let folder: string
const open: (() => unknown)[] = []
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hf-'))
})
afterEach(async () => {
  for (const end of open.splice(0).reverse()) await end()
  rmSync(folder, { recursive: true })
})

function listing(series: TokenSeries): Listing {
  return { series, epoch: 0, end() {}, leave() {}, begun() {} }
}

const directory: SessionDirectory = {
  list: async () => listing(new TokenSeries('AAAAAAAAAAAABBBB', Buffer.alloc(32, 1))),
  seek: async () => undefined,
}

type Outcome = 'taken' | 'refused'

/** What is between the workers, and may be slow: bytes wait until `release`. */
class Gate {
  isShut = false
  /** Bytes that wait on their way to the old worker. */
  toOld = 0
  #release: (() => void)[] = []

  join(old: net.Socket, next: net.Socket): void {
    const pass = (from: net.Socket, to: net.Socket) =>
      from
        .on('data', (bytes) => {
          if (!this.isShut) return void to.write(bytes)
          if (to === old) this.toOld += bytes.length
          this.#release.push(() => to.write(bytes))
        })
        .on('close', () => to.destroy())
        .on('error', () => {})
        .resume()
    pass(old, next)
    pass(next, old)
  }

  release(): void {
    this.isShut = false
    for (const write of this.#release.splice(0)) write()
  }
}

function through(gate: Gate, carrier: JointCarrier): Carrier {
  return {
    worker: carrier.worker,
    async way() {
      const [old, next] = [await carrier.pair(), await carrier.pair()]
      return {
        carry(wire) {
          new Joint(lightest(wire), wireOf(old.here), clock, () => {})
          gate.join(old.there, next.here)
          return takeHandle(next.there)
        },
        discard() {},
      }
    },
  }
}

/** `giver` of both; the workers are number 1, in which clients come, and those that `upgrade` starts. */
async function node(upstream: string, giver: SessionGiver, init: Partial<RouteInit> = {}) {
  const options = gatewayOptions({
    upstreams: [upstream],
    resume: resumeOptions(),
    hold: { for: 10_000, on: [1012, 'lost'], buffer: 65_536, state: 'none', replay: { by: 'none' } },
    ...init,
  })
  options.drain = { ...options.drain, spread: 0, deadline: 20_000 }
  const worker = async (number: number) => {
    let exchange: SessionExchange
    const gateway = new Gateway(options, {
      ...{ log, directory, giver, idPrefix: `${number}-` },
      lineTo: (...ask) => exchange.lineTo(...ask),
    })
    await gateway.prepare()
    exchange = new SessionExchange({ folder, worker: number, gateway, clock, log })
    exchange.listen()
    const carrier = new JointCarrier({ worker: number, clock, onEmpty() {} })
    carrier.open(mkdtempSync(join(folder, 'carrier-')))
    const die = () => {
      exchange.stop()
      carrier.destroy()
      gateway.stop()
    }
    open.push(async () => {
      die()
      await carrier.close()
    })
    return { gateway, exchange, carrier, die }
  }
  const old = await worker(1)
  const server = net.createServer({ allowHalfOpen: true }, (socket) =>
    old.gateway.accept(options.listen[0]!, socket),
  )
  await once(server.listen(0, '127.0.0.1'), 'listening')
  open.push(() => server.close())
  let last = old
  let number = 1
  return {
    old,
    url: `ws://127.0.0.1:${(server.address() as net.AddressInfo).port}`,
    /** A new worker, with all connections of the last. */
    async upgrade(gate?: Gate) {
      const next = await worker(++number)
      const carrier = gate ? through(gate, last.carrier) : last.carrier
      for (const id of last.gateway.movable(true).idle) {
        const packed = await last.gateway.pack(id, 5000, carrier)
        next.gateway.unpack(packed!, () => {})
      }
      last = next
      return next
    },
    /** The new worker could not stay: its connections go back. */
    async undo() {
      const from = last
      for (const id of from.gateway.movable(true).idle) {
        const packed = await from.gateway.pack(id, 5000, from.carrier)
        old.gateway.unpack(packed!, () => {})
      }
      from.die()
      last = old
    },
  }
}

/** Another node, which takes one session, or says that it does not. */
function other() {
  let onGiven: (given: GivenAway) => void
  let answers: (outcome: Outcome) => void
  const handed = new Promise<GivenAway>((resolve) => {
    onGiven = resolve
  })
  let isHanded = false
  const giver: SessionGiver = {
    reserve: async () =>
      isHanded
        ? undefined
        : {
            hand(given) {
              isHanded = true
              onGiven(given)
              return new Promise<Outcome>((resolve) => {
                answers = resolve
              })
            },
            cancel() {},
          },
  }
  return { giver, handed, answers: (outcome: Outcome) => answers(outcome) }
}

const eventsOf = (gateway: Gateway) => gateway.snapshot().routes[0]!.counters.sessions
const sessionsOf = (gateway: Gateway) => gateway.snapshot().routes[0]!.sessions

test.each([1, 2])(
  'after %i live upgrades the session goes, with what the upstream said last, and both workers have nothing left',
  async (upgrades) => {
    await using raw = await rawUpstream({ answersCloses: false })
    const { giver, handed, answers } = other()
    const its = await node(raw.url, giver)
    const client = await resumingClient(its.url)
    const server = await raw.connection()
    client.send('first')
    await server.message()
    let { gateway } = await its.upgrade()
    for (let n = 1; n < upgrades; n++) ({ gateway } = await its.upgrade())
    const drained = gateway.drain()
    expect(await server.closeFrame()).toMatchObject({ code: 1001 })
    // More than one read brings, and the last of it with the Close.
    for (let n = 0; n < 300; n++) server.text(`${n} `.padEnd(1000, 'x'))
    for (let n = 0; n < 100; n++) client.send(`meanwhile ${n}`)
    server.close(1001)
    const { session } = await handed
    const given = readGiven(session)
    expect(given.session).toMatchObject({ received: 1, taken: 300 })
    expect(given.connection.before.pipe.upstream).toBeUndefined()
    expect(given.connection.before.pipe.client.reader.messages).toBe(1)
    answers('taken')
    expect(await drained).toMatchObject({ moved: 1, closed: 0, cut: 0 })
    expect(await client.connection!.closeFrame()).toBeUndefined()
    expect(client.unacknowledged).toHaveLength(101)
    await eventually('nothing is carried', () => its.old.carrier.size === 0)
    expect(sessionsOf(its.old.gateway)).toMatchObject({ connected: 0, parked: 0 })
    expect(eventsOf(its.old.gateway)).toMatchObject({ given: 1 })
    expect(gateway.connectionCount).toBe(0)
  },
)

test('what the session passes on behind a Close of its client, after the upstream has gone, is not left behind', async () => {
  await using raw = await rawUpstream({ answersCloses: false })
  const places: ((place: Reservation) => void)[] = []
  let handed = 0
  let onCancel = () => {}
  const place: Reservation = {
    hand: async () => {
      handed++
      return 'taken'
    },
    cancel: () => onCancel(),
  }
  const its = await node(raw.url, { reserve: () => new Promise((resolve) => places.push(resolve)) })
  const client = await resumingClient(its.url)
  const server = await raw.connection()
  const { gateway } = await its.upgrade()
  const drained = gateway.drain()
  await eventually('a place is looked for', () => places.length === 1)
  // This upstream takes so long that others get the place, and one is looked for anew.
  const isSlow = new Promise<void>((resolve) => {
    onCancel = resolve
  })
  places[0]!(place)
  await server.closeFrame()
  await isSlow
  server.close(1001)
  await eventually('a place is looked for again', () => places.length === 2)
  client.send('the last')
  client.connection!.close(1001)
  await eventually('the client is away', () => sessionsOf(its.old.gateway)?.parked === 1)
  places[1]!(place)
  expect(await drained).toMatchObject({ moved: 0 })
  expect(handed).toBe(0)
})

test('what is on its way between the workers when the upstream has gone is waited for, both ways', async () => {
  await using raw = await rawUpstream({ answersCloses: false })
  const { giver, handed, answers } = other()
  const its = await node(raw.url, giver)
  const client = await resumingClient(its.url)
  const server = await raw.connection()
  const gate = new Gate()
  const { gateway } = await its.upgrade(gate)
  gate.isShut = true
  client.send('on its way')
  client.say({ type: 'ping', id: 7 })
  // The session has passed it on.
  await client.heard('an answer', ({ type, id }) => type === 'pong' && id === 7)
  const drained = gateway.drain()
  await server.closeFrame()
  for (let n = 0; n < 9; n++) server.text('12345678')
  server.close(1001)
  const messages = 9 * 10
  const given = handed.then(({ session }) => readGiven(session))
  // Behind the last message stands what asks whether it has arrived.
  await Promise.race([given, eventually('the question', () => gate.toOld > messages)])
  gate.release()
  const { session, connection } = await given
  expect(session).toMatchObject({ received: 1, taken: 9 })
  expect(connection.before.pipe.client.reader.messages).toBe(1)
  answers('taken')
  expect(await drained).toMatchObject({ moved: 1, closed: 0, cut: 0 })
})

test('one that came back to its old worker, since the new one could not stay, goes from there', async () => {
  await using raw = await rawUpstream()
  const { giver, handed, answers } = other()
  const its = await node(raw.url, giver)
  const client = await resumingClient(its.url)
  const server = await raw.connection()
  await its.upgrade()
  await its.undo()
  client.send('through itself')
  await server.message()
  const drained = its.old.gateway.drain()
  expect(readGiven((await handed).session).session).toMatchObject({ received: 1 })
  answers('taken')
  expect(await drained).toMatchObject({ moved: 1, closed: 0, cut: 0 })
  expect(await client.connection!.closeFrame()).toBeUndefined()
})

test('one that is refused goes on here when it need not go: what its client said meanwhile arrives, once', async () => {
  await using raw = await rawUpstream()
  const { giver, handed, answers } = other()
  const its = await node(raw.url, giver)
  const client = await resumingClient(its.url)
  await raw.connection()
  const { gateway } = await its.upgrade()
  const given = gateway.giveSome(1, ['another'])
  await handed
  for (let n = 0; n < 5; n++) client.send(`meanwhile ${n}`)
  client.say({ type: 'ping', id: 7 })
  answers('refused')
  expect(await given).toEqual({ given: [], notGiven: 1, none: false })
  const next = await raw.connection()
  for (let n = 0; n < 5; n++) expect(String((await next.message()).payload)).toBe(`meanwhile ${n}`)
  next.text('welcome back')
  expect(await client.until(1)).toEqual(['welcome back'])
  client.cut()
})

test('one that is refused is told when its gateway drains, and what its client said meanwhile is not acknowledged', async () => {
  await using upstream = await startUpstream()
  const { giver, handed, answers } = other()
  const its = await node(upstream.url, giver)
  const client = await resumingClient(its.url)
  const { gateway } = await its.upgrade()
  const drained = gateway.drain()
  await handed
  for (let n = 0; n < 100; n++) client.send(`meanwhile ${n}`)
  answers('refused')
  expect(await client.connection!.closeFrame()).toMatchObject({ code: 1012 })
  expect(client.unacknowledged).toHaveLength(100)
  client.connection!.close(1012)
  expect(await drained).toMatchObject({ moved: 0, closed: 1, cut: 0 })
})

test('one whose old worker ends meanwhile ends with it, and the drain as well', async () => {
  await using upstream = await startUpstream()
  const { giver, handed, answers } = other()
  const its = await node(upstream.url, giver)
  const client = await resumingClient(its.url)
  const { gateway } = await its.upgrade()
  const drained = gateway.drain()
  await handed
  its.old.die()
  answers('taken')
  expect(await drained).toMatchObject({ moved: 0, closed: 1 })
  await eventually('its client hears of it', () => client.connection!.ending)
})

test('one whose new worker ends meanwhile is not given: its client is told, and hears what came before', async () => {
  await using upstream = await startUpstream()
  const { giver, handed, answers } = other()
  const its = await node(upstream.url, giver)
  const client = await resumingClient(its.url)
  client.send('before')
  await client.until(1)
  const { die, gateway } = await its.upgrade()
  const drained = gateway.drain()
  await handed
  die()
  await drained
  await eventually(
    'it is heard of',
    () => sessionsOf(its.old.gateway)!.connected === 0 || client.connection!.ending,
  )
  answers('taken')
  expect(await client.connection!.closeFrame()).toMatchObject({ code: expect.any(Number) })
  expect(eventsOf(its.old.gateway)).not.toHaveProperty('given')
})

test('one whose old worker knows nothing of this is told, as before', async () => {
  await using upstream = await startUpstream()
  const its = await node(upstream.url, { reserve: async () => expect.unreachable() })
  const client = await resumingClient(its.url)
  const { gateway } = await its.upgrade()
  its.old.exchange.stop()
  const before = net.createServer((socket) => {
    socket.once('data', (asked) => {
      // What it takes for a handshake.
      expect(JSON.parse(String(asked))).toMatchObject({ request: { protocols: [], headers: [] } })
      socket.end('{"has":false}\n')
    })
  })
  await new Promise<void>((resolve) => before.listen(join(folder, '1.sock'), resolve))
  open.push(() => before.close())
  const drained = gateway.drain()
  expect(await client.connection!.closeFrame()).toMatchObject({ code: 1012 })
  client.connection!.close(1012)
  expect(await drained).toMatchObject({ moved: 0, closed: 1 })
})

test('one whose old worker does not listen any more is told, too', async () => {
  await using upstream = await startUpstream()
  const its = await node(upstream.url, { reserve: async () => expect.unreachable() })
  const client = await resumingClient(its.url)
  const { gateway } = await its.upgrade()
  its.old.exchange.stop()
  const drained = gateway.drain()
  expect(await client.connection!.closeFrame()).toMatchObject({ code: 1012 })
  client.connection!.close(1012)
  expect(await drained).toMatchObject({ moved: 0, closed: 1 })
})
