import type { ChildProcess } from 'node:child_process'
import { EventEmitter } from 'node:events'
import { fakeClock } from '@holdfast/testing'
import { pino } from 'pino'
import { expect, test } from 'vitest'
import type { FromSuccessor, Handover, Succession, ToSuccessor } from '../src/process/succession.ts'
import { Successor } from '../src/process/successor.ts'
import { WorkerLink } from '../src/process/worker-link.ts'
import { type FromWorker, protocol, type ToWorker } from '../src/worker/worker-messages.ts'

/** The channel to a new supervisor that says what the test says. */
class NewSupervisor extends EventEmitter {
  connected = true
  readonly heard: ToSuccessor[] = []
  send(message: ToSuccessor): void {
    this.heard.push(message)
  }
  says(message: FromSuccessor): void {
    this.emit('message', message, undefined)
  }
}

/** A worker that is ready, and what it has heard and can say. */
function readyWorker(
  id: number,
  clock: ReturnType<typeof fakeClock>,
  onMessage: (message: FromWorker) => void = () => {},
) {
  const heard: ToWorker[] = []
  let say!: (message: FromWorker) => void
  const channel = {
    pid: id,
    send: (message: ToWorker) => void heard.push(message),
    release() {},
    onMessage(listener: (message: FromWorker) => void) {
      say = listener
    },
    onExit() {},
    kill() {},
  }
  const link = new WorkerLink(id, 1, channel, clock, onMessage)
  say({ type: 'ready', protocol, version: '1.0.0' } as FromWorker)
  return { link, heard, say: (message: FromWorker) => say(message) }
}

test('a worker that has become ready, and has no listener yet, is heard and reached by a new supervisor that commits', () => {
  const clock = fakeClock()
  const child = new NewSupervisor()
  const first = readyWorker(1, clock)
  const workers = [first.link]
  const nothing = () => {}
  new Successor({
    child: child as unknown as ChildProcess,
    state: {} as Succession,
    workers: () => workers,
    onUpgrade: nothing,
    handOver: () => ({ links: workers.map(({ known }) => known!) }) as Handover,
    takeBack: nothing,
    release: async () => {},
    moveAdmission: nothing,
    releaseAdmission: nothing,
    keepAdmission: nothing,
    log: pino({ level: 'silent' }),
    clock,
  })
  const late = readyWorker(2, clock)
  workers.push(late.link)
  child.says({ type: 'commit' })
  expect(child.heard.at(-1)).toMatchObject({ type: 'hand-over', state: { links: [{ id: 1 }, { id: 2 }] } })
  for (const [worker, { heard, say }] of [first, late].entries()) {
    child.says({ type: 'to-worker', worker: worker + 1, message: { type: 'stop' } })
    expect(heard.at(-1)).toEqual({ type: 'stop' })
    const left = { type: 'faulty' } as FromWorker
    say(left)
    expect(child.heard.at(-1)).toEqual({ type: 'from-worker', worker: worker + 1, message: left })
  }
})

/** A new supervisor that has committed, and a front of the old one: what each of the three has heard. */
function handedOver() {
  const clock = fakeClock()
  const child = new NewSupervisor()
  const own: FromWorker[] = []
  const front = readyWorker(1, clock, (message) => own.push(message))
  const nothing = () => {}
  const successor = new Successor({
    child: child as unknown as ChildProcess,
    state: {} as Succession,
    workers: () => [front.link],
    onUpgrade: nothing,
    handOver: () => ({}) as Handover,
    takeBack: nothing,
    release: async () => {},
    moveAdmission: nothing,
    releaseAdmission: nothing,
    keepAdmission: nothing,
    log: pino({ level: 'silent' }),
    clock,
  })
  child.says({ type: 'commit' })
  /** What has gone to the new supervisor since. */
  const others = () => child.heard.flatMap((heard) => (heard.type === 'from-worker' ? [heard.message] : []))
  return { child, front, own, others, successor }
}

test('what a front has decrypted stays here until the new supervisor serves, and is not lost with it', async () => {
  const { child, front, own, others, successor } = handedOver()
  const secured = (listener: string) => ({ type: 'secured', listener, secured: {} }) as unknown as FromWorker
  front.say(secured('before'))
  expect({ own, others: others() }).toEqual({ own: [secured('before')], others: [] })
  child.says({ type: 'serving' })
  front.say(secured('after'))
  expect({ own, others: others() }).toEqual({ own: [secured('before')], others: [secured('after')] })
  await successor.inCharge
})

test('a front that takes a socket of the new supervisor says so to that one', () => {
  const { child, front, own, others } = handedOver()
  const took = (id: number): FromWorker => ({ type: 'took', id })
  child.says({ type: 'to-worker', worker: 1, message: { type: 'socket', id: 7, listener: 'a' } })
  for (const id of [7, 7, 8]) front.say(took(id))
  expect({ own, others: others() }).toEqual({ own: [took(7), took(8)], others: [took(7)] })
})
