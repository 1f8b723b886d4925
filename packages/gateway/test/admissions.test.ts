import { type FakeClock, fakeClock, gatewayOptions } from '@holdfast/testing'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { LimitOptions } from '../src/core/options.ts'
import { Ledger } from '../src/handshake/limits.ts'
import { type AdmissionLedger, Admissions } from '../src/process/admissions.ts'
import { RemoteLedger } from '../src/worker/remote-ledger.ts'
import type { AdmissionAnswer, FromWorker } from '../src/worker/worker-messages.ts'

const two = { connections: 2 }

/** Workers that share one ledger through messages, as they do through the supervisor. */
function fleet(ledger: AdmissionLedger) {
  const clock = fakeClock()
  const admissions = new Admissions(ledger)
  const posted: FromWorker[] = []
  const stopped = { is: false, messages: [] as (() => void)[] }
  const worker = (id: number) => {
    const obey = (message: FromWorker) => {
      if (message.type === 'release') admissions.release(id, message.admission)
      if (message.type === 'enter') {
        remote.answer(message.request, admissions.enter(id, message.route, message.address))
      }
      if (message.type !== 'admit') return
      const answer = admissions.admit(id, message.route, message.limits, message.address)
      remote.answer(message.request, answer as AdmissionAnswer)
    }
    const remote = new RemoteLedger({
      clock,
      random: () => 0.5,
      post: (message) => {
        posted.push(message)
        if (stopped.is) stopped.messages.push(() => obey(message))
        else queueMicrotask(() => obey(message))
      },
    })
    return remote
  }
  return {
    clock,
    admissions,
    posted,
    worker,
    stop: () => {
      stopped.is = true
    },
    lose: () => {
      stopped.messages = []
    },
    goOn: () => {
      stopped.is = false
      for (const message of stopped.messages.splice(0)) message()
    },
  }
}

const newLedger = () => new Ledger({ clock: fakeClock(), random: () => 0.5 })

test('a limit counts over all workers', async () => {
  const { worker } = fleet(newLedger())
  const [one, other] = [worker(1), worker(2)]
  expect(await one.admit('chat', two, 'a')).toMatchObject({ ok: true })
  const second = await other.admit('chat', two, 'a')
  expect(await one.admit('chat', two, 'a')).toMatchObject({ ok: false, limit: 'connections' })
  if (second.ok) second.release()
  expect(await one.admit('chat', two, 'a')).toMatchObject({ ok: true })
})

test('a release that is said twice counts once', async () => {
  const { worker } = fleet(newLedger())
  const one = worker(1)
  const first = await one.admit('chat', two, 'a')
  await one.admit('chat', two, 'a')
  if (first.ok) {
    first.release()
    first.release()
  }
  expect(await one.admit('chat', two, 'a')).toMatchObject({ ok: true })
  expect(await one.admit('chat', two, 'a')).toMatchObject({ ok: false })
})

test('a dead worker holds nothing', async () => {
  const { admissions, worker } = fleet(newLedger())
  await worker(1).admit('chat', two, 'a')
  await worker(1).admit('chat', two, 'a')
  expect(await worker(2).admit('chat', two, 'a')).toMatchObject({ ok: false })
  admissions.releaseAll(1)
  expect(await worker(2).admit('chat', two, 'a')).toMatchObject({ ok: true })
})

test('a route without such limits asks nobody', async () => {
  const { posted, worker } = fleet(newLedger())
  expect(await worker(1).admit('chat', { messageBytes: 5, messagesPerSecond: 5 }, 'a')).toMatchObject({
    ok: true,
  })
  expect(posted).toEqual([])
})

/** Whether a worker lets the next one in while nobody answers it. */
async function alone(remote: RemoteLedger, clock: FakeClock, limits: LimitOptions, address = 'a') {
  const admission = remote.admit('chat', limits, address)
  clock.tick(100)
  return admission
}

test('while the supervisor does not answer a worker lets in its own share, at once but for the first', async () => {
  const { clock, worker, stop } = fleet(newLedger())
  const remote = worker(1)
  remote.configure({ routes: [] }, 4)
  const limits = { connections: 10 }
  await remote.admit('chat', limits, 'a')
  stop()
  expect(await alone(remote, clock, limits)).toMatchObject({ ok: true })
  // 10 of 4 workers are 2 for each, and this one has 2.
  expect(remote.admit('chat', limits, 'a')).toEqual({ ok: false, limit: 'unknown', retry: 3000 })
})

test.each([
  [{ perAddress: 2 }, 1],
  [{ connections: 100, perAddress: 12 }, 3],
  [{ handshakesPerSecond: 20 }, 5],
  [{ connections: 1 }, 1],
] as [LimitOptions, number][])('a share of %j for one of four workers is %i', async (limits, share) => {
  const { clock, worker, stop } = fleet(newLedger())
  const remote = worker(1)
  remote.configure({ routes: [] }, 4)
  stop()
  let admitted = (await alone(remote, clock, limits)).ok ? 1 : 0
  for (let i = 0; i < 30; i++) if ((await remote.admit('chat', limits, 'a')).ok) admitted++
  expect(admitted).toBe(share)
})

test('what was let in meanwhile is counted when the supervisor goes on, and given back when it ends', async () => {
  const { clock, worker, stop, goOn } = fleet(newLedger())
  const [one, other] = [worker(1), worker(2)]
  const routes = gatewayOptions({ routes: [{ name: 'chat', upstreams: ['ws://a'], limits: two }] }).routes
  for (const remote of [one, other]) remote.configure({ routes }, 1)
  stop()
  const first = await alone(one, clock, two)
  const second = await one.admit('chat', two, 'a')
  const third = await one.admit('chat', two, 'a')
  expect([first.ok, second.ok, third.ok]).toEqual([true, true, false])
  goOn()
  expect(await other.admit('chat', two, 'a')).toMatchObject({ ok: false, limit: 'connections' })
  if (first.ok) first.release()
  expect(await other.admit('chat', two, 'a')).toMatchObject({ ok: true })
  expect(clock.pending).toBe(0)
})

test('a worker whose question was lost asks again, and what it has let in meanwhile is counted', async () => {
  const { clock, worker, stop, lose, goOn } = fleet(newLedger())
  const [one, other] = [worker(1), worker(2)]
  const routes = gatewayOptions({ routes: [{ name: 'chat', upstreams: ['ws://a'], limits: two }] }).routes
  for (const remote of [one, other]) remote.configure({ routes }, 1)
  stop()
  const first = await alone(one, clock, two)
  lose()
  goOn()
  clock.tick(1000)
  // It does not wait for the answer.
  const second = one.admit('chat', two, 'a')
  expect([first, second]).toMatchObject([{ ok: true }, { ok: true }])
  await new Promise((resolve) => setImmediate(resolve))
  expect(await other.admit('chat', two, 'a')).toMatchObject({ ok: false, limit: 'connections' })
  for (const admission of [first, await second]) if (admission.ok) admission.release()
  expect(await other.admit('chat', two, 'a')).toMatchObject({ ok: true })
  expect(await one.admit('chat', two, 'a')).toMatchObject({ ok: true })
  expect(await one.admit('chat', two, 'a')).toMatchObject({ ok: false, limit: 'connections' })
})

test('a process that goes on with what another one had gives numbers that the other one does not', () => {
  const [before, after] = [new Admissions(newLedger()), new Admissions(newLedger())]
  before.enter(1, 'chat', 'a')
  after.goOn(before.all)
  const given = [before, after].map((each) => each.enter(1, 'chat', 'a')) as { admission: number }[]
  expect(given[0]!.admission).not.toBe(given[1]!.admission)
})

test('what ends before the supervisor goes on is not counted', async () => {
  const { clock, worker, stop, goOn } = fleet(newLedger())
  const remote = worker(1)
  const routes = gatewayOptions({ routes: [{ name: 'chat', upstreams: ['ws://a'], limits: two }] }).routes
  remote.configure({ routes }, 1)
  stop()
  const admission = await alone(remote, clock, two)
  if (admission.ok) admission.release()
  goOn()
  const again = [await remote.admit('chat', two, 'a'), await remote.admit('chat', two, 'a')]
  expect(again).toMatchObject([{ ok: true }, { ok: true }])
})

test('limits that a reload adds count the connections that are there', async () => {
  const { worker } = fleet(newLedger())
  const [one, other] = [worker(1), worker(2)]
  await one.admit('chat', {}, 'a')
  const left = await one.admit('chat', {}, 'a')
  const routes = gatewayOptions({ routes: [{ name: 'chat', upstreams: ['ws://a'], limits: two }] }).routes
  one.configure({ routes })
  await Promise.resolve()
  expect(await other.admit('chat', two, 'b')).toMatchObject({ ok: false, limit: 'connections' })
  if (left.ok) left.release()
  await Promise.resolve()
  expect(await other.admit('chat', two, 'b')).toMatchObject({ ok: true })
})

test('workers never let in more than the limit and their shares together, and nothing stays counted', async () => {
  const event = fc.oneof(
    { weight: 4, arbitrary: fc.record({ comes: fc.nat(2), from: fc.constantFrom('a', 'b') }) },
    { weight: 3, arbitrary: fc.record({ leaves: fc.nat(20) }) },
    fc.constant({ stops: true }),
    fc.constant({ goesOn: true }),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(event, { maxLength: 80 }), async (events) => {
      const limits = { connections: 6, perAddress: 4 }
      const ledger = newLedger()
      const { clock, worker, stop, goOn } = fleet(ledger)
      const routes = gatewayOptions({ routes: [{ name: 'chat', upstreams: ['ws://a'], limits }] }).routes
      const workers = [worker(1), worker(2), worker(3)]
      for (const remote of workers) remote.configure({ routes }, 3)
      const open: (() => void)[] = []
      for (const what of events) {
        if ('comes' in what) {
          const answer = await alone(workers[what.comes]!, clock, limits, what.from)
          if (answer.ok) open.push(answer.release)
        } else if ('leaves' in what) open.splice(what.leaves, 1)[0]?.()
        else if ('stops' in what) stop()
        else goOn()
        await new Promise((resolve) => setImmediate(resolve))
        expect(open.length).toBeLessThanOrEqual(6 + 2 * 2)
      }
      goOn()
      for (const release of open) release()
      await new Promise((resolve) => setImmediate(resolve))
      for (let i = 0; i < 4; i++) expect(ledger.admit('chat', limits, 'a').ok).toBe(true)
      expect(ledger.admit('chat', limits, 'a').ok).toBe(false)
      for (let i = 0; i < 2; i++) expect(ledger.admit('chat', limits, 'b').ok).toBe(true)
      expect(ledger.admit('chat', limits, 'b').ok).toBe(false)
      expect(clock.pending).toBe(0)
    }),
  )
})

test('an admission that was handed on is given back once, by its new holder', async () => {
  const { admissions, posted, worker } = fleet(newLedger())
  const [old, fresh] = [worker(1), worker(2)]
  const first = await old.admit('chat', { connections: 1 }, 'a')
  const id = first.ok ? first.id : undefined
  admissions.move(1, 2, id!)
  admissions.releaseAll(1)
  expect(await fresh.admit('chat', { connections: 1 }, 'a')).toMatchObject({ ok: false })
  const release = fresh.readmit(id)
  release()
  release()
  expect(posted.filter(({ type }) => type === 'release').length).toBe(1)
  expect(await fresh.admit('chat', { connections: 1 }, 'a')).toMatchObject({ ok: true })
})

test('a connection without an admission has none to give back', () => {
  const { posted, worker } = fleet(newLedger())
  worker(1).readmit(undefined)()
  expect(posted).toEqual([])
})

test('connections that came from another worker count in the share, and without an admission they get one', async () => {
  const { clock, worker, stop } = fleet(newLedger())
  const [old, fresh] = [worker(1), worker(2)]
  const routes = gatewayOptions({ routes: [{ name: 'chat', upstreams: ['ws://a'], limits: two }] }).routes
  fresh.configure({ routes }, 1)
  const leave = fresh.entered({ route: 'chat', address: 'a' })
  await Promise.resolve()
  expect(await old.admit('chat', two, 'a')).toMatchObject({ ok: true })
  expect(await old.admit('chat', two, 'a')).toMatchObject({ ok: false })
  fresh.entered({ route: 'chat', address: 'a', admission: 2 })
  stop()
  expect(await alone(fresh, clock, two)).toMatchObject({ ok: false, limit: 'unknown' })
  leave()
  expect(await alone(fresh, clock, two)).toMatchObject({ ok: true })
})
