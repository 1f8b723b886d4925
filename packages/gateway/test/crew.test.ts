import { type FakeClock, fakeClock, gatewayOptions } from '@holdfast/testing'
import { pino } from 'pino'
import { expect, test } from 'vitest'
import type { Channel } from '../src/channel.ts'
import { Crew } from '../src/crew.ts'
import { Ledger } from '../src/limits.ts'
import type { GatewaySnapshot } from '../src/snapshot.ts'
import { emptyCounters } from '../src/totals.ts'
import type { WorkerLink } from '../src/worker-link.ts'
import type { FromWorker, ToWorker } from '../src/worker-messages.ts'

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
  letGo() {}
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

const settled = () => new Promise((resolve) => setImmediate(resolve))

function scene(size: number) {
  const clock: FakeClock = fakeClock(1_000_000)
  const puppets: Puppet[] = []
  const ready: WorkerLink[] = []
  const gone: WorkerLink[] = []
  let options = gatewayOptions({ name: 'chat', upstreams: ['ws://127.0.0.1:1'] })
  const crew = new Crew({
    size,
    startWorker: () => {
      puppets.push(new Puppet())
      return puppets.at(-1)!
    },
    options: () => options,
    logging: { level: 'silent', pretty: false, colour: false },
    ledger: new Ledger({ clock, random: () => 0.5 }),
    log: pino({ level: 'silent' }),
    clock,
    onReady: async (worker) => void ready.push(worker),
    onGone: (worker) => gone.push(worker),
    onSocketTaken: () => {},
    onSocketsClosed: () => {},
    onEvents: () => {},
  })
  const start = async () => {
    const started = crew.start()
    for (const puppet of puppets) puppet.say({ type: 'ready' })
    await started
  }
  return { clock, crew, puppets, ready, gone, start, setOptions: (next: typeof options) => (options = next) }
}

function snapshot(open: number, accepted: number): GatewaySnapshot {
  const none = { 'to-upstream': 0, 'to-client': 0 }
  const counters = { ...emptyCounters(), handshakes: { accepted }, messages: none, bytes: none }
  return {
    drains: [],
    routes: [{ name: 'chat', connections: { open, held: 0, closing: 0 }, upstreams: [], counters }],
  }
}

const process = { memory: 1, processor: 1, delay: 1 }

test('a crew has started when every worker is ready', async () => {
  const { crew, puppets, ready } = scene(2)
  const started = crew.start()
  puppets[0]!.say({ type: 'ready' })
  await settled()
  expect(await Promise.race([started.then(() => 'started'), settled().then(() => 'waits')])).toBe('waits')
  puppets[1]!.say({ type: 'ready' })
  await started
  expect(ready.map(({ id }) => id)).toEqual([1, 2])
})

test('a crew whose every worker fails rejects with the reason and starts no other', async () => {
  const { crew, puppets } = scene(2)
  const started = crew.start()
  for (const puppet of puppets) {
    puppet.say({ type: 'failed', message: 'no such thing' })
    puppet.kill()
  }
  await expect(started).rejects.toThrow('a worker could not start: no such thing')
  expect(puppets.length).toBe(2)
})

test('a crew with one good worker starts, and replaces the other', async () => {
  const { crew, puppets } = scene(2)
  const started = crew.start()
  puppets[0]!.kill()
  puppets[1]!.say({ type: 'ready' })
  await started
  expect(puppets.length).toBe(3)
  expect(crew.restarts).toBe(1)
})

test('a worker that is not ready in ten seconds is killed and replaced', async () => {
  const { clock, puppets, start, gone } = scene(1)
  await start()
  puppets[0]!.kill()
  await settled()
  await clock.advance(9999)
  expect(puppets[1]!.killed).toBe(false)
  await clock.advance(1)
  expect(puppets[1]!.killed).toBe(true)
  expect(gone.length).toBe(2)
  expect(puppets.length).toBe(3)
})

test('a worker that dies is replaced at once', async () => {
  const { clock, crew, puppets, start, ready } = scene(1)
  await start()
  await clock.advance(5000)
  puppets[0]!.kill()
  await settled()
  expect(puppets.length).toBe(2)
  puppets[1]!.say({ type: 'ready' })
  await settled()
  expect(ready.map(({ id }) => id)).toEqual([1, 2])
  expect(crew.restarts).toBe(1)
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
    puppets.at(-1)!.say({ type: 'ready' })
    await settled()
  }
  expect(puppets.length).toBe(9)
})

test('the counts of a dead worker stay as it last reported them, a second old at most', async () => {
  const { clock, crew, puppets, start } = scene(1)
  await start()
  await clock.advance(1000)
  puppets[0]!.answer('snapshot', { snapshot: snapshot(3, 5), process })
  await settled()
  puppets[0]!.kill()
  await settled()
  const [chat] = crew.snapshot().routes
  expect(chat).toMatchObject({
    connections: { open: 0, held: 0, closing: 0 },
    counters: { handshakes: { accepted: 5 }, closes: { '1006:gateway': 3 } },
  })
})

test('a worker that does not answer is left out of an answer, and its last report stays', async () => {
  const { clock, crew, puppets, start } = scene(2)
  await start()
  const first = crew.refresh(1000)
  puppets[0]!.answer('snapshot', { snapshot: snapshot(1, 1), process })
  puppets[1]!.answer('snapshot', { snapshot: snapshot(2, 2), process })
  await first
  const second = crew.refresh(1000)
  puppets[0]!.answer('snapshot', { snapshot: snapshot(5, 5), process })
  await clock.advance(1000)
  await second
  expect(crew.snapshot().routes[0]!.connections.open).toBe(7)
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

test('a question ends when its worker does', async () => {
  const { crew, puppets, start } = scene(1)
  await start()
  const asked = crew.ask('drain', {}, 30_000)
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
  puppets[1]!.say({ type: 'ready' })
  await settled()
  expect(puppets[1]!.sent.at(-1)).toMatchObject({ type: 'reload', options: next })
  expect(ready.length).toBe(1)
  puppets[1]!.answer('reload', { drained: 0 })
  await settled()
  expect(ready.length).toBe(2)
})

test('stop ends all workers, by force those that do not end in time, and replaces none', async () => {
  const { clock, crew, puppets, start } = scene(2)
  await start()
  const stopped = crew.stop(1000)
  expect(puppets.map(({ sent }) => sent.at(-1)?.type)).toEqual(['stop', 'stop'])
  puppets[0]!.kill()
  await clock.advance(1000)
  await stopped
  expect(puppets.map(({ killed }) => killed)).toEqual([true, true])
  expect(puppets.length).toBe(2)
  expect(clock.pending).toBe(0)
})
