import { fakeClock } from '@holdfast/testing'
import { expect, test } from 'vitest'
import { type AdmissionLedger, Admissions } from '../src/admissions.ts'
import { type Admission, Ledger } from '../src/limits.ts'
import { RemoteLedger } from '../src/remote-ledger.ts'
import type { FromWorker } from '../src/worker-messages.ts'

const two = { connections: 2 }

/** Workers that share one ledger through messages, as they do through the supervisor. */
function fleet(ledger: AdmissionLedger) {
  const clock = fakeClock()
  const admissions = new Admissions(ledger)
  const posted: FromWorker[] = []
  const worker = (id: number) => {
    const remote = new RemoteLedger((message) => {
      posted.push(message)
      if (message.type === 'release') admissions.release(id, message.admission)
      if (message.type !== 'admit') return
      const answer = admissions.admit(id, message.route, message.limits, message.address)
      queueMicrotask(() => remote.answer(message.request, answer))
    }, clock)
    return remote
  }
  return { clock, admissions, posted, worker }
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

test('a client is sent away when the supervisor does not answer in two seconds', async () => {
  const clock = fakeClock()
  const remote = new RemoteLedger(() => {}, clock)
  const admission = remote.admit('chat', two, 'a') as Promise<Admission>
  clock.tick(2000)
  expect(await admission).toEqual({ ok: false, limit: 'handshakesPerSecond', retry: 1000 })
})

test('an admission that comes too late is given back', () => {
  const clock = fakeClock()
  const posted: FromWorker[] = []
  const remote = new RemoteLedger((message) => posted.push(message), clock)
  void remote.admit('chat', two, 'a')
  clock.tick(2000)
  remote.answer(1, { ok: true, admission: 7 })
  expect(posted.at(-1)).toEqual({ type: 'release', admission: 7 })
  expect(clock.pending).toBe(0)
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
