// Two ends of a move and the supervisor between them, without processes.
import { type FakeClock, fakeClock } from '@holdfast/testing'
import { pino } from 'pino'
import { expect, test } from 'vitest'
import type { Handle } from '../src/core/handle.ts'
import { Relay } from '../src/process/relay.ts'
import { WorkerLink } from '../src/process/worker-link.ts'
import type { MoveMessage } from '../src/process/worker-pool-deps.ts'
import type { Packed } from '../src/session/pack.ts'
import type { Channel } from '../src/worker/channel.ts'
import { HandoverReceiver } from '../src/worker/handover-receiver.ts'
import { HandoverSender } from '../src/worker/handover-sender.ts'
import type { FromWorker, MoveOutcome, ToWorker } from '../src/worker/worker-messages.ts'

/** A socket of which every process has a copy. */
class Copies {
  open = 0
  copy(): Handle {
    this.open++
    let closed = false
    return {
      close: () => {
        if (!closed) this.open--
        closed = true
      },
    }
  }
}

interface Held {
  client: Copies
  upstream: Copies
  packed?: Handle[]
}

/** A worker's part: connections by id, and what it does with those that come. */
class Worker implements Channel {
  readonly pid = 0
  readonly here = new Map<string, Held>()
  readonly sockets: Map<string, Held>
  readonly handOver: HandoverSender
  readonly receiver: HandoverReceiver
  readonly link: WorkerLink
  /** Packs nothing. */
  stubborn = false
  /** Takes nothing in. */
  refuses = false
  /** Connections that cannot be written down. */
  readonly broken = new Set<string>()
  /** Hears nothing. */
  deaf = false
  readonly heard: ToWorker[] = []
  relay: Relay | undefined

  constructor(id: number, clock: FakeClock, sockets: Map<string, Held>) {
    this.sockets = sockets
    this.link = new WorkerLink(id, 1, this, clock, () => {})
    const gateway = {
      movable: () => ({ idle: [...this.here.keys()], busy: [] }),
      pack: async (id: string): Promise<Packed | undefined> => {
        const held = this.here.get(id)
        if (this.broken.has(id)) throw new Error('a bug in save()')
        if (this.stubborn || !held) return undefined
        this.here.delete(id)
        return {
          record: id,
          client: held.client.copy(),
          upstream: held.upstream.copy(),
          admission: 7,
        }
      },
      unpack: ({ record: id, client, upstream }: Packed) => {
        if (this.refuses) throw new Error('no such route')
        // From now on they are its own, and stay open.
        void [client, upstream]
        this.here.set(id, this.sockets.get(id)!)
      },
    }
    const post = (message: FromWorker, handle?: Handle) => queueMicrotask(() => this.#say(message, handle))
    const ends = { gateway, post, clock, readmit: () => () => {} }
    const log = pino({ level: 'silent' })
    this.handOver = new HandoverSender({ ...ends, left: () => this.here.size, log })
    this.receiver = new HandoverReceiver(ends)
  }

  #say(message: FromWorker, handle: Handle | undefined): void {
    const move = message as MoveMessage
    if (move.type === 'move') this.relay?.client(this.link, move, copyOf(handle))
    if (move.type === 'move-upstream') this.relay?.upstream(this.link, move.move, copyOf(handle))
    if (move.type === 'adopted') this.relay?.adopted(move.move)
    if (move.type === 'not-adopted') this.relay?.refused(move.move, move.message)
  }

  send(message: ToWorker, handle?: unknown): void {
    this.heard.push(message)
    if (this.deaf) return
    const copy = copyOf(handle as Handle | undefined)
    if (message.type === 'adopt') this.receiver.client(message, copy)
    if (message.type === 'adopt-upstream') this.receiver.upstream(message.move, copy)
    if (message.type === 'moved') this.handOver.settle(message.move, message.outcome)
  }
  onMessage() {}
  onExit() {}
  release() {}
  kill() {}
}

const origins = new WeakMap<Handle, Copies>()

/** What another process gets. */
function copyOf(handle: Handle | undefined): Handle | undefined {
  const socket = handle && origins.get(handle)
  return socket && tracked(socket)
}

function tracked(socket: Copies): Handle {
  const handle = Copies.prototype.copy.call(socket)
  origins.set(handle, socket)
  return handle
}

function scene(count: number) {
  const clock = fakeClock()
  const sockets = new Map<string, Held>()
  const [from, to] = [new Worker(1, clock, sockets), new Worker(2, clock, sockets)]
  const outcomes: MoveOutcome[] = []
  const admissions: number[] = []
  const state = { receiver: to.link as WorkerLink | undefined }
  const relay = new Relay({
    receiver: (isFree) => (state.receiver && isFree(state.receiver) ? state.receiver : undefined),
    moveAdmission: (_from, _to, admission) => admissions.push(admission),
    onLost: () => {},
    onSettled: (outcome) => outcomes.push(outcome),
    log: pino({ level: 'silent' }),
  })
  from.relay = relay
  to.relay = relay
  for (let i = 0; i < count; i++) {
    const [client, upstream] = [new Copies(), new Copies()]
    client.copy = () => tracked(client)
    upstream.copy = () => tracked(upstream)
    sockets.set(`${i}`, { client, upstream })
    from.here.set(`${i}`, { client, upstream })
  }
  /** Copies in all processes but the one that has the connection. */
  const stray = () =>
    [...sockets.values()].reduce((sum, { client, upstream }) => sum + client.open + upstream.open, 0)
  return { clock, from, to, relay, outcomes, admissions, state, stray }
}

/** Lets microtasks run and turns the clock until the promise is done. */
async function finish(clock: FakeClock, done: Promise<void>): Promise<void> {
  let over = false
  void done.then(() => (over = true))
  for (let i = 0; i < 2000 && !over; i++) await clock.advance(10)
  expect(over).toBe(true)
}

test('every connection goes over, with its admission, and no descriptor stays behind', async () => {
  const { clock, from, to, outcomes, admissions, stray } = scene(20)
  await finish(
    clock,
    from.handOver.run(5000, () => {}),
  )
  expect([from.here.size, to.here.size]).toEqual([0, 20])
  expect(outcomes).toEqual(Array(20).fill('moved'))
  expect(admissions).toEqual(Array(20).fill(7))
  // The two of the new worker for each.
  expect(stray()).toBe(40)
  expect(from.handOver.summary.moved).toBe(20)
  expect(clock.pending).toBe(0)
})

test('a new worker that drains after a fault takes nothing more: what is on its way goes on where it was', async () => {
  const { clock, from, to, outcomes } = scene(20)
  // The fault comes while it takes the fifth.
  const { here } = to
  const take = here.set.bind(here)
  here.set = (id, held) => {
    if (here.size === 4) to.receiver.stop()
    return take(id, held)
  }
  await finish(
    clock,
    from.handOver.run(2000, () => {}),
  )
  expect([from.here.size, here.size]).toEqual([15, 5])
  expect(new Set(outcomes)).toEqual(new Set(['moved', 'refused']))
})

test('connections that cannot be moved yet are tried again until the limit', async () => {
  const { clock, from, to } = scene(3)
  from.stubborn = true
  const done = from.handOver.run(5000, () => {})
  await clock.advance(2000)
  expect(to.here.size).toBe(0)
  from.stubborn = false
  await finish(clock, done)
  expect(to.here.size).toBe(3)

  const late = scene(3)
  late.from.stubborn = true
  await finish(
    late.clock,
    late.from.handOver.run(1000, () => {}),
  )
  expect(late.from.here.size).toBe(3)
  expect(late.clock.now()).toBeLessThan(1500)
})

test('a connection that the new worker refuses goes on in the old one, and is offered three times', async () => {
  const { clock, from, to, outcomes } = scene(1)
  to.refuses = true
  await finish(
    clock,
    from.handOver.run(3000, () => {}),
  )
  expect([from.here.size, to.here.size]).toEqual([1, 0])
  expect(outcomes).toEqual(['refused', 'refused', 'refused'])
})

test('connections wait in the old worker while there is no new one', async () => {
  const { clock, from, to, outcomes, state } = scene(4)
  state.receiver = undefined
  const done = from.handOver.run(5000, () => {})
  await clock.advance(1000)
  expect(from.here.size).toBe(4)
  expect(new Set(outcomes)).toEqual(new Set(['later']))
  state.receiver = to.link
  await finish(clock, done)
  expect(to.here.size).toBe(4)
})

test('what was on its way to a worker that ends comes back, and is offered to the next', async () => {
  const { clock, from, to, relay, outcomes, state, stray } = scene(5)
  to.deaf = true
  const done = from.handOver.run(5000, () => {})
  await clock.advance(10)
  expect(from.handOver.inTransit).toBe(2)
  state.receiver = undefined
  relay.gone(to.link)
  await clock.advance(10)
  expect(from.handOver.inTransit).toBe(0)
  expect(from.here.size).toBe(5)
  to.deaf = false
  state.receiver = to.link
  await finish(clock, done)
  expect([from.here.size, to.here.size]).toEqual([0, 5])
  expect(outcomes.filter((outcome) => outcome === 'lost')).toEqual([])
  // The two of the new worker for each, and those that the old one built its sockets from when they came back.
  expect(stray()).toBe(14)
})

test('a worker that takes nothing holds up what was sent to it, and nobody else', async () => {
  const { clock, from, to, relay, state, outcomes } = scene(100)
  to.deaf = true
  const done = from.handOver.run(600_000, () => {})
  await clock.advance(40_000)
  // It gets no more than so many.
  expect(from.handOver.inTransit).toBe(32)
  expect(from.here.size).toBe(68)
  state.receiver = undefined
  relay.gone(to.link)
  await clock.advance(1000)
  expect([from.handOver.inTransit, from.here.size]).toEqual([0, 100])
  from.handOver.stop()
  await finish(clock, done)
  expect(outcomes).not.toContain('lost')
})

test('a connection that cannot be written down stays, and all others move', async () => {
  const { clock, from, to } = scene(20)
  from.broken.add('3').add('17')
  await finish(
    clock,
    from.handOver.run(5000, () => {}),
  )
  expect([...from.here.keys()]).toEqual(['3', '17'])
  expect(to.here.size).toBe(18)
})

test('the limit of time holds within a round, too', async () => {
  const { clock, from, to } = scene(1000)
  to.deaf = true
  await finish(
    clock,
    from.handOver.run(3000, () => {}),
  )
  expect(clock.now()).toBeLessThan(4500)
})

test('a connection whose second half never comes is given up by the new worker', async () => {
  const { clock, from, to, relay, stray } = scene(1)
  const lose = (_from: WorkerLink, _move: number, handle?: Handle) => handle?.close()
  from.relay = { client: relay.client.bind(relay), upstream: lose } as unknown as Relay
  void from.handOver.run(5000, () => {})
  await clock.advance(10)
  relay.gone(from.link)
  await clock.advance(10)
  expect(to.here.size).toBe(0)
  expect(to.heard.map(({ type }) => type)).toEqual(['adopt', 'adopt-upstream'])
  // Only those of the worker that has ended.
  expect(stray()).toBe(2)
})

test('halt resolves when nothing is on its way, and nothing moves until goOn', async () => {
  const { clock, from, to } = scene(50)
  const done = from.handOver.run(60_000, () => {})
  let halted = false
  void from.handOver.halt().then(() => (halted = true))
  await clock.advance(10)
  expect(halted).toBe(true)
  const moved = to.here.size
  expect(moved + from.here.size).toBe(50)
  await clock.advance(5000)
  expect(to.here.size).toBe(moved)
  from.handOver.resume()
  await finish(clock, done)
  expect(to.here.size).toBe(50)
})

test('a stopped hand-over moves nothing any more', async () => {
  const { clock, from, to } = scene(50)
  const done = from.handOver.run(60_000, () => {})
  from.handOver.stop()
  from.handOver.resume()
  await finish(clock, done)
  expect(from.here.size + to.here.size).toBe(50)
  expect(from.here.size).toBeGreaterThan(40)
})

test('a connection that nobody says anything about is given up after ten minutes', async () => {
  const { clock, from, stray } = scene(1)
  from.relay = undefined
  void from.handOver.run(1000, () => {})
  await clock.advance(590_000)
  expect(from.handOver.inTransit).toBe(1)
  await clock.advance(20_000)
  expect(from.handOver.inTransit).toBe(0)
  expect(stray()).toBe(0)
})
