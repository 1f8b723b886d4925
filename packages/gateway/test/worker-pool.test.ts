import { type FakeClock, fakeClock, gatewayOptions } from '@holdfast/testing'
import { pino } from 'pino'
import { expect, test } from 'vitest'
import type { GatewaySnapshot } from '../src/core/snapshot.ts'
import { Ledger } from '../src/handshake/limits.ts'
import { WayBack } from '../src/process/way-back.ts'
import type { WorkerLink } from '../src/process/worker-link.ts'
import { WorkerPool } from '../src/process/worker-pool.ts'
import type { Channel } from '../src/worker/channel.ts'
import { emptyCounters } from '../src/worker/totals.ts'
import { type FromWorker, protocol, type ToWorker } from '../src/worker/worker-messages.ts'

/** A worker whose end and words the test decides. */
class Puppet implements Channel {
  readonly pid = 1
  readonly sent: ToWorker[] = []
  killed = false
  say!: (message: FromWorker) => void
  #exit!: (ending: string) => void

  send(message: ToWorker) {
    this.sent.push(message)
  }
  release() {}
  onMessage(listener: (message: FromWorker) => void) {
    this.say = listener
  }
  onExit(listener: (ending: string) => void) {
    this.#exit = listener
  }
  kill() {
    if (this.killed) return
    this.killed = true
    this.#exit('killed by SIGKILL')
  }
  /** Answers the latest question of that type. */
  answer(type: string, value: object) {
    const asked = this.sent.findLast((message) => message.type === type) as { request: number }
    this.say({ type: 'answer', request: asked.request, value } as FromWorker)
  }
}

const isReady = { type: 'ready', protocol, version: '1.0.0' } as const

const settled = () => new Promise((resolve) => setImmediate(resolve))

function scene(size: number) {
  const clock: FakeClock = fakeClock(1_000_000)
  const puppets: Puppet[] = []
  const ready: WorkerLink[] = []
  const gone: WorkerLink[] = []
  const faulty: WorkerLink[] = []
  /** Which of the workers cannot be started, by how many were tried before it. */
  const forks = { tried: 0, fails: (_before: number) => false }
  let options = gatewayOptions({ name: 'chat', upstreams: ['ws://127.0.0.1:1'] })
  const pool = new WorkerPool({
    size,
    startWorker: () => {
      if (forks.fails(forks.tried++)) throw new Error('no more processes')
      puppets.push(new Puppet())
      return puppets.at(-1)!
    },
    options: () => options,
    ticketKeys: () => 'keys',
    removed: { names: [], has: () => false },
    logging: { level: 'silent', pretty: false, colour: false },
    ledger: new Ledger({ clock, random: () => 0.5 }),
    log: pino({ level: 'silent' }),
    clock,
    onReady: async (worker) => void ready.push(worker),
    onGone: (worker) => gone.push(worker),
    onFaulty: (worker) => faulty.push(worker),
    replaces: () => true,
    onSocketTaken: () => {},
    onSocketsLeft: () => {},
    onEvents: () => {},
    onMove: () => {},
  })
  const start = async () => {
    const started = pool.start()
    for (const puppet of puppets) puppet.say(isReady)
    await started
  }
  return {
    clock,
    pool,
    puppets,
    ready,
    gone,
    faulty,
    forks,
    start,
    setOptions: (next: typeof options) => (options = next),
  }
}

function snapshot(open: number, accepted: number): GatewaySnapshot {
  const none = { 'to-upstream': 0, 'to-client': 0 }
  const counters = { ...emptyCounters(), handshakes: { accepted }, messages: none, bytes: none }
  return {
    drains: [],
    routes: [{ name: 'chat', connections: { open, held: 0, closing: 0 }, upstreams: [], counters }],
  }
}

const process = { memory: 1, processor: 1, delay: 1, logLinesDropped: 0 }

test('a worker that drains after a fault is replaced at once, gets no more sockets, and is not replaced twice', async () => {
  const { pool, clock, puppets, faulty, start } = scene(1)
  await start()
  clock.advance(60_000)
  puppets[0]!.say({ type: 'faulty' })
  puppets[0]!.say({ type: 'faulty' })
  expect(faulty).toHaveLength(1)
  expect(pool.ready).toEqual([])
  expect(puppets).toHaveLength(2)
  puppets[1]!.say(isReady)
  await settled()
  expect(pool.ready.map(({ id }) => id)).toEqual([2])
  puppets[0]!.kill()
  await settled()
  expect(puppets).toHaveLength(2)
  expect(pool.restarts).toBe(1)
})

test('what a worker says can be as wrong as it likes: the supervisor goes on', async () => {
  const { pool, puppets, start } = scene(1)
  await start()
  puppets[0]!.say({ type: 'admit', request: 1, route: 'chat' } as never)
  puppets[0]!.say({ type: 'events' } as never)
  expect(pool.ready).toHaveLength(1)
})

test('a pool has started when every worker is ready', async () => {
  const { pool, puppets, ready } = scene(2)
  const started = pool.start()
  puppets[0]!.say(isReady)
  await settled()
  expect(await Promise.race([started.then(() => 'started'), settled().then(() => 'waits')])).toBe('waits')
  puppets[1]!.say(isReady)
  await started
  expect(ready.map(({ id }) => id)).toEqual([1, 2])
})

test('a pool whose every worker fails rejects with the reason and starts no other', async () => {
  const { pool, puppets } = scene(2)
  const started = pool.start()
  for (const puppet of puppets) {
    puppet.say({ type: 'failed', message: 'no such thing' })
    puppet.kill()
  }
  await expect(started).rejects.toThrow('a worker could not start: no such thing')
  expect(puppets.length).toBe(2)
})

test('a pool with one healthy worker starts, and replaces the other', async () => {
  const { pool, puppets } = scene(2)
  const started = pool.start()
  puppets[0]!.kill()
  puppets[1]!.say(isReady)
  await started
  expect(puppets.length).toBe(3)
  expect(pool.restarts).toBe(1)
})

test('a worker that cannot be started in place of another is tried again, as one that crashes at start', async () => {
  const { clock, pool, puppets, forks, ready, start } = scene(1)
  await start()
  await clock.advance(5000)
  forks.fails = (before) => before < 8
  puppets[0]!.kill()
  await settled()
  expect(forks.tried).toBe(6)
  await clock.advance(100)
  expect(forks.tried).toBe(7)
  await clock.advance(200)
  expect(forks.tried).toBe(8)
  await clock.advance(400)
  expect(puppets.length).toBe(2)
  puppets[1]!.say(isReady)
  await settled()
  expect(ready.map(({ id }) => id)).toEqual([1, 9])
  expect(pool.restarts).toBe(8)
})

test('a pool starts with the workers that could be started, and tries the others again', async () => {
  const { pool, puppets, forks } = scene(2)
  forks.fails = (before) => before === 1
  const started = pool.start()
  puppets[0]!.say(isReady)
  await started
  expect(pool.ready).toHaveLength(1)
  expect(puppets).toHaveLength(2)
})

test('a pool of which no worker can be started says why', async () => {
  const { pool, forks } = scene(1)
  forks.fails = () => true
  await expect(pool.start()).rejects.toThrow('cannot be started: no more processes')
})

test('a pool that was told to end before it started starts nothing', async () => {
  const { pool, puppets } = scene(2)
  pool.retire()
  await Promise.race([pool.start(), settled()])
  expect(puppets).toEqual([])
})

test('a worker that is not ready in 30 s is killed and replaced', async () => {
  const { clock, puppets, start, gone } = scene(1)
  await start()
  puppets[0]!.kill()
  await settled()
  await clock.advance(29_999)
  expect(puppets[1]!.killed).toBe(false)
  await clock.advance(1)
  expect(puppets[1]!.killed).toBe(true)
  expect(gone.length).toBe(2)
  expect(puppets.length).toBe(3)
})

test('a worker that dies is replaced at once', async () => {
  const { clock, pool, puppets, start, ready } = scene(1)
  await start()
  await clock.advance(5000)
  puppets[0]!.kill()
  await settled()
  expect(puppets.length).toBe(2)
  puppets[1]!.say(isReady)
  await settled()
  expect(ready.map(({ id }) => id)).toEqual([1, 2])
  expect(pool.restarts).toBe(1)
})

test('workers that keep crashing at start are replaced ever more slowly, at least once a second', async () => {
  const { clock, puppets, start } = scene(1)
  await start()
  const waits: number[] = []
  for (let i = 0; i < 12; i++) {
    const before = puppets.length
    const since = clock.now()
    puppets.at(-1)!.kill()
    await settled()
    while (puppets.length === before) await clock.advance(50)
    waits.push(clock.now() - since)
  }
  expect(waits.slice(0, 9)).toEqual([0, 0, 0, 0, 100, 200, 400, 800, 1000])
  expect(Math.max(...waits)).toBe(1000)
})

test('a crash after a second of service is not a crash at start', async () => {
  const { clock, puppets, start } = scene(1)
  await start()
  for (let i = 0; i < 8; i++) {
    await clock.advance(1000)
    puppets.at(-1)!.kill()
    await settled()
    puppets.at(-1)!.say(isReady)
    await settled()
  }
  expect(puppets.length).toBe(9)
})

test('the counts of a dead worker stay as it last reported them, a second old at most', async () => {
  const { clock, pool, puppets, start } = scene(1)
  await start()
  await clock.advance(1000)
  puppets[0]!.answer('snapshot', { snapshot: snapshot(3, 5), process })
  await settled()
  puppets[0]!.kill()
  await settled()
  const [chat] = pool.snapshot().routes
  expect(chat).toMatchObject({
    connections: { open: 0, held: 0, closing: 0 },
    counters: { handshakes: { accepted: 5 }, closes: { '1006:gateway': 3 } },
  })
})

test('a worker that does not answer is left out of an answer, and its last report stays', async () => {
  const { clock, pool, puppets, start } = scene(2)
  await start()
  const first = pool.refresh(1000)
  puppets[0]!.answer('snapshot', { snapshot: snapshot(1, 1), process })
  puppets[1]!.answer('snapshot', { snapshot: snapshot(2, 2), process })
  await first
  const second = pool.refresh(1000)
  puppets[0]!.answer('snapshot', { snapshot: snapshot(5, 5), process })
  await clock.advance(1000)
  await second
  expect(pool.snapshot().routes[0]!.connections.open).toBe(7)
})

test('a worker that does not report for half a minute is killed and replaced', async () => {
  const { clock, puppets, start } = scene(2)
  await start()
  for (let i = 0; i < 15; i++) {
    expect(puppets[1]!.killed).toBe(false)
    await clock.advance(1000)
    puppets[0]!.answer('snapshot', { snapshot: snapshot(0, 0), process })
    await clock.advance(1000)
  }
  expect(puppets.map(({ killed }) => killed)).toEqual([false, true, false])
})

test('looks at a silent worker share one question, and do not bring its end nearer', async () => {
  const { clock, pool, puppets, start } = scene(1)
  await start()
  const looks = Array.from({ length: 100 }, () => pool.refresh(1000))
  await clock.advance(10_000)
  await Promise.all(looks)
  expect(puppets[0]!.killed).toBe(false)
  expect(puppets[0]!.sent.filter(({ type }) => type === 'snapshot').length).toBe(1)
  puppets[0]!.answer('snapshot', { snapshot: snapshot(3, 3), process })
  await clock.advance(29_000)
  expect(puppets[0]!.killed).toBe(false)
  await clock.advance(2000)
  expect(puppets[0]!.killed).toBe(true)
})

test('whatever a worker says shows that it lives', async () => {
  const { clock, puppets, start } = scene(1)
  await start()
  for (let i = 0; i < 6; i++) {
    await clock.advance(10_000)
    puppets[0]!.say({ type: 'left', sockets: 1 })
  }
  expect(puppets[0]!.killed).toBe(false)
})

test('a supervisor that was stopped itself does not take its workers for silent', async () => {
  const { clock, puppets, start } = scene(2)
  await start()
  await clock.advance(5000)
  clock.jump(3_600_000)
  await clock.advance(2000)
  expect(puppets.map(({ killed }) => killed)).toEqual([false, false])
})

test('answers that came while the supervisor was stopped count, though their time is over', async () => {
  const { clock, pool, puppets } = scene(1)
  const started = pool.start()
  clock.jump(60_000)
  await clock.advance(1)
  expect(puppets[0]!.killed).toBe(false)
  puppets[0]!.say(isReady)
  await started
  const asked = pool.ask('connections', { filter: { limit: 1 } })
  clock.jump(60_000)
  await clock.advance(1)
  puppets[0]!.answer('connections', { connections: [] })
  expect((await asked).length).toBe(1)
})

test('a question ends when its worker does', async () => {
  const { pool, puppets, start } = scene(1)
  await start()
  const asked = pool.ask('drain', {}, 30_000)
  puppets[0]!.kill()
  expect(await asked).toEqual([])
})

test('an admission of a worker is answered, and given back when the worker dies', async () => {
  const { puppets, start } = scene(2)
  await start()
  const limits = { connections: 1 }
  const admit = (puppet: Puppet, request: number) => {
    puppet.say({ type: 'admit', request, route: 'chat', limits, address: '127.0.0.1' })
    return puppet.sent.at(-1)
  }
  expect(admit(puppets[0]!, 1)).toMatchObject({ type: 'admission', request: 1, answer: { ok: true } })
  expect(admit(puppets[1]!, 1)).toMatchObject({ answer: { ok: false, limit: 'connections' } })
  puppets[0]!.kill()
  await settled()
  expect(admit(puppets[1]!, 2)).toMatchObject({ request: 2, answer: { ok: true } })
})

test('a worker that started with old options gets the new ones before any socket', async () => {
  const { puppets, ready, start, setOptions } = scene(1)
  await start()
  puppets[0]!.kill()
  await settled()
  const next = gatewayOptions({ name: 'other', upstreams: ['ws://127.0.0.1:1'] })
  setOptions(next)
  puppets[1]!.say(isReady)
  await settled()
  expect(puppets[1]!.sent.at(-1)).toMatchObject({ type: 'reload', options: next })
  expect(ready.length).toBe(1)
  puppets[1]!.answer('reload', { drained: 0 })
  await settled()
  expect(ready.length).toBe(2)
})

test('stop ends all workers, by force those that do not end in time, and replaces none', async () => {
  const { clock, pool, puppets, start } = scene(2)
  await start()
  const stopped = pool.stop(1000)
  expect(puppets.map(({ sent }) => sent.at(-1)?.type)).toEqual(['stop', 'stop'])
  puppets[0]!.kill()
  await clock.advance(1000)
  await stopped
  expect(puppets.map(({ killed }) => killed)).toEqual([true, true])
  expect(puppets.length).toBe(2)
  expect(clock.pending).toBe(0)
})

async function startNext({ pool, puppets }: ReturnType<typeof scene>) {
  const before = puppets.length
  const started = pool.startNext()
  const startNext = puppets.slice(before)
  for (const puppet of startNext) puppet.say({ ...isReady, version: '2.0.0' })
  await settled()
  for (const puppet of startNext) puppet.answer('snapshot', { snapshot: snapshot(0, 0), process })
  return started
}

test('when one of the next workers cannot be started none of them stays', async () => {
  const { pool, puppets, forks, clock, start } = scene(2)
  await start()
  forks.fails = (before) => before === 3
  await expect(pool.startNext()).rejects.toThrow('cannot be started: no more processes')
  await clock.advance(1)
  expect(puppets.map(({ killed }) => killed)).toEqual([false, false, true])
})

test('new workers get nothing until they are activated; those before them are leaving then', async () => {
  const it = scene(2)
  await it.start()
  const fresh = await startNext(it)
  expect(fresh.map(({ generation, version }) => [generation, version])).toEqual([
    [2, '2.0.0'],
    [2, '2.0.0'],
  ])
  expect(it.pool.ready.map(({ id }) => id)).toEqual([1, 2])
  expect(it.pool.activate(fresh).map(({ id }) => id)).toEqual([1, 2])
  expect(it.pool.ready).toEqual(fresh)
  expect(it.pool.leaving.map(({ state }) => state)).toEqual(['leaving', 'leaving'])
})

test('of the old ones only those get their place again that are there, and do not drain after a fault', async () => {
  const it = scene(3)
  const { pool, puppets, clock } = it
  await it.start()
  const fresh = await startNext(it)
  const attached: number[] = []
  const wayBack = new WayBack(fresh, pool.activate(fresh), {
    pool,
    attach: async ({ id }) => void attached.push(id),
    settle: () => 0,
    log: pino({ level: 'silent' }),
    clock,
  })
  puppets[0]!.kill()
  puppets[1]!.say({ type: 'faulty' })
  await settled()
  const old = await wayBack.takeBack()
  expect(old.map(({ id }) => id)).toEqual([3])
  expect(attached).toEqual([3])
  pool.reinstate(old)
  expect(pool.ready).toEqual(old)
})

test('an answer to who borrowed a worker before is not told to who borrows it now', async () => {
  const it = scene(1)
  await it.start()
  const [worker] = it.pool.ready as [WorkerLink]
  const heard: number[] = []
  const borrow = (as: number) => worker.lend((message) => 'request' in message && !!heard.push(as))
  borrow(1)
  worker.forward({ type: 'snapshot', request: 7 })
  const { request } = it.puppets[0]!.sent.at(-1) as { request: number }
  worker.lend(undefined)
  borrow(2)
  const answer = { type: 'answer', request, value: {} } as FromWorker
  it.puppets[0]!.say(answer)
  expect(heard).toEqual([])
  worker.forward({ type: 'snapshot', request: 7 })
  it.puppets[0]!.answer('snapshot', {})
  expect(heard).toEqual([2])
})

test.each(['ends', 'fails', 'speaks another protocol', 'is not ready in 30 s'])(
  'no new worker stays when one of them %s, and the others go on',
  async (what) => {
    const { clock, pool, puppets, start } = scene(2)
    await start()
    const started = pool.startNext()
    const refused = expect(started).rejects.toThrow(/^a worker could not start: /)
    puppets[2]!.say(isReady)
    if (what === 'ends') puppets[3]!.kill()
    if (what === 'fails') puppets[3]!.say({ type: 'failed', message: 'no' })
    if (what === 'fails') puppets[3]!.kill()
    if (what === 'speaks another protocol') puppets[3]!.say({ ...isReady, protocol: protocol + 1 })
    if (what === 'is not ready in 30 s') {
      await clock.advance(15_000)
      // Those that serve are not silent meanwhile.
      for (const one of puppets.slice(0, 2)) one.say({ type: 'left', sockets: 0 })
      await clock.advance(15_000)
    }
    await refused
    await clock.advance(0)
    expect(puppets.map(({ killed }) => killed)).toEqual([false, false, true, true])
    expect(pool.ready.map(({ id }) => id)).toEqual([1, 2])
    await clock.advance(5000)
    expect(puppets.length).toBe(4)
  },
)

test('a worker that ends while new workers start is replaced, and its successor leaves with the others', async () => {
  const it = scene(1)
  await it.start()
  const fresh = startNext(it)
  it.puppets[0]!.kill()
  await settled()
  it.puppets[2]!.say(isReady)
  it.pool.activate(await fresh)
  await settled()
  expect(it.pool.leaving.map(({ id }) => id)).toEqual([3])
})

test('a new worker that ends before it is activated is replaced by one of its generation', async () => {
  const it = scene(1)
  await it.start()
  const fresh = await startNext(it)
  it.puppets[1]!.kill()
  await settled()
  expect(it.puppets.length).toBe(2)
  it.pool.activate(fresh)
  it.puppets[2]!.say(isReady)
  await settled()
  expect(it.pool.ready.map(({ generation }) => generation)).toEqual([2])
})

test('a leaving worker that ends is not replaced, and its counts stay', async () => {
  const it = scene(1)
  await it.start()
  const [old] = it.pool.activate(await startNext(it))
  old!.report = { snapshot: snapshot(0, 7), process }
  void it.pool.stopWorkers([old!], 1000)
  it.puppets[0]!.kill()
  await settled()
  expect(it.puppets.length).toBe(2)
  expect(it.pool.snapshot().routes[0]!.counters.handshakes).toEqual({ accepted: 7 })
})

test.each([
  ['in order', true],
  ['by itself', false],
])(
  'a leaving worker that ends %s while a reload is prepared is no reason against it: %s',
  async (_, isFine) => {
    const it = scene(1)
    await it.start()
    const [old] = it.pool.activate(await startNext(it))
    const options = gatewayOptions({ upstreams: ['ws://127.0.0.1:1'] })
    const problems = it.pool.prepareReload(options, 1000)
    if (isFine) void it.pool.stopWorkers([old!], 1000)
    it.puppets[0]!.kill()
    it.puppets[1]!.answer('prepare-reload', {})
    expect(await problems).toEqual(isFine ? [] : [expect.stringContaining('worker 1 failed while it loaded')])
  },
)

test('questions reach leaving workers, too', async () => {
  const it = scene(1)
  await it.start()
  it.pool.activate(await startNext(it))
  const asked = it.pool.ask('close-connection', { id: '1-1', code: 4000, reason: '' })
  it.puppets[0]!.answer('close-connection', { found: true })
  it.puppets[1]!.answer('close-connection', { found: false })
  expect((await asked).map(({ answer }) => answer.found)).toEqual([true, false])
})

test('nothing moves while a question goes out that no connection may escape', async () => {
  const it = scene(1)
  await it.start()
  it.pool.activate(await startNext(it))
  const asked = it.pool.askAtRest('reload', { options: gatewayOptions({ upstreams: ['ws://127.0.0.1:1'] }) })
  expect(it.puppets[1]!.sent.at(-1)!.type).not.toBe('reload')
  it.puppets[0]!.answer('halt-moves', {})
  await settled()
  expect(it.puppets.map(({ sent }) => sent.slice(-2).map(({ type }) => type))).toEqual([
    ['reload', 'go-on'],
    ['snapshot', 'reload'],
  ])
  for (const puppet of it.puppets) puppet.answer('reload', { drained: 0 })
  expect((await asked).length).toBe(2)
})

test('a moved connection takes its admission along', async () => {
  const it = scene(1)
  await it.start()
  it.puppets[0]!.say({ type: 'admit', request: 1, route: 'chat', limits: { connections: 1 }, address: 'a' })
  const fresh = await startNext(it)
  const [old] = it.pool.activate(fresh)
  it.pool.moveAdmission(old!, fresh[0]!, 1)
  it.puppets[0]!.kill()
  await settled()
  const admit = (request: number) => {
    it.puppets[1]!.say({ type: 'admit', request, route: 'chat', limits: { connections: 1 }, address: 'a' })
    return it.puppets[1]!.sent.at(-1)
  }
  expect(admit(1)).toMatchObject({ answer: { ok: false } })
  it.puppets[1]!.say({ type: 'release', admission: 1 })
  expect(admit(2)).toMatchObject({ answer: { ok: true } })
})
