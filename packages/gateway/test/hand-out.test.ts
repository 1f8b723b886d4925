import { Socket } from 'node:net'
import { type FakeClock, fakeClock } from '@holdfast/testing'
import { expect, test } from 'vitest'
import { HandOut } from '../src/process/hand-out.ts'
import { WorkerLink } from '../src/process/worker-link.ts'
import type { Channel } from '../src/worker/channel.ts'
import type { ToWorker } from '../src/worker/worker-messages.ts'

/** A worker that only notes what it is sent. */
class Notes implements Channel {
  readonly pid = 0
  readonly got: Extract<ToWorker, { type: 'socket' }>[] = []
  readonly letGone: Socket[] = []

  send(message: ToWorker) {
    if (message.type === 'socket') this.got.push(message)
  }
  onMessage() {}
  onExit() {}
  kill() {}
  letGo(socket: Socket) {
    this.letGone.push(socket)
    socket.destroy()
  }
}

function worker(id: number, clock: FakeClock) {
  const notes = new Notes()
  return { notes, link: new WorkerLink(id, 1, notes, clock, () => {}) }
}

function scene(count: number) {
  const clock = fakeClock()
  const handOut = new HandOut(clock)
  const workers = Array.from({ length: count }, (_, i) => worker(i + 1, clock))
  for (const { link } of workers) handOut.add(link)
  const sockets: Socket[] = []
  const give = (times = 1) => {
    for (let i = 0; i < times; i++) {
      const socket = new Socket()
      sockets.push(socket)
      handOut.give('a', socket)
    }
  }
  const take = ({ notes, link }: (typeof workers)[0]) => {
    for (const { id } of notes.got) handOut.taken(link, id)
  }
  return { clock, handOut, workers, sockets, give, take }
}

test('sockets go round while all workers have the same number', () => {
  const { workers, give } = scene(3)
  give(9)
  expect(workers.map(({ notes }) => notes.got.length)).toEqual([3, 3, 3])
})

test('a socket goes to the worker with the fewest', () => {
  const { handOut, workers, give, take } = scene(2)
  give(20)
  for (const each of workers) take(each)
  handOut.left(workers[1]!.link, 0)
  give(10)
  expect(workers.map(({ notes }) => notes.got.length)).toEqual([10, 20])
})

test('a worker that takes nothing is left alone after 64 sockets', () => {
  const { workers, give, take } = scene(2)
  for (let i = 0; i < 300; i++) {
    give()
    take(workers[0]!)
  }
  expect(workers[1]!.notes.got.length).toBe(64)
  expect(workers[0]!.notes.got.length).toBe(236)
})

test('what an ended worker had not taken goes to another, in order', () => {
  const { handOut, workers, give } = scene(2)
  give(4)
  const lost = workers[0]!.notes.got.map(({ id }) => id)
  handOut.remove(workers[0]!.link)
  expect(workers[1]!.notes.got.map(({ id }) => id).slice(2)).toEqual(lost)
})

test('what an ended worker had taken is not handed out again', () => {
  const { handOut, workers, give, take } = scene(2)
  give(4)
  take(workers[0]!)
  handOut.remove(workers[0]!.link)
  expect(workers[1]!.notes.got.length).toBe(2)
})

test('a taken socket is let go of', () => {
  const { workers, sockets, give, take } = scene(1)
  give()
  expect(sockets[0]!.destroyed).toBe(false)
  take(workers[0]!)
  expect(workers[0]!.notes.letGone).toEqual(sockets)
})

test('sockets wait for the next worker', () => {
  const { clock, handOut, give } = scene(0)
  give(3)
  const late = worker(9, clock)
  handOut.add(late.link)
  expect(late.notes.got.length).toBe(3)
})

test('the socket after 16,384 waiting ones is closed', () => {
  const { handOut, sockets, give } = scene(0)
  give(16_385)
  expect(sockets.filter(({ destroyed }) => destroyed)).toEqual([sockets[16_384]])
  expect(handOut.dropped).toBe(1)
})

test('a socket that waits longer than ten seconds is closed', () => {
  const { clock, handOut, sockets, give } = scene(0)
  give()
  clock.tick(5000)
  give()
  clock.tick(5000)
  expect(sockets.map(({ destroyed }) => destroyed)).toEqual([true, false])
  clock.tick(5000)
  expect(sockets.map(({ destroyed }) => destroyed)).toEqual([true, true])
  expect(handOut.dropped).toBe(2)
  expect(clock.pending).toBe(0)
})

test('a socket that its worker does not take in ten seconds is closed', () => {
  const { clock, sockets, give } = scene(1)
  give()
  clock.tick(10_000)
  expect(sockets[0]!.destroyed).toBe(true)
  expect(clock.pending).toBe(0)
})

test('settle resolves when the last socket has been taken', async () => {
  const { clock, handOut, workers, give, take } = scene(1)
  give(2)
  const settled = handOut.settle(500)
  take(workers[0]!)
  await settled
  expect(clock.now()).toBe(0)
})

test('settle gives up after its limit', async () => {
  const { clock, handOut, give } = scene(1)
  give()
  const settled = handOut.settle(500)
  clock.tick(500)
  await settled
  handOut.close()
  expect(clock.pending).toBe(0)
})

test('close closes all that was not taken', () => {
  const { handOut, sockets, give } = scene(1)
  give(100)
  handOut.close()
  expect(sockets.every(({ destroyed }) => destroyed)).toBe(true)
})

test('a retired worker gets nothing more, and keeps what is on its way to it', () => {
  const { handOut, workers, give, take } = scene(2)
  give(4)
  handOut.retire(workers[0]!.link)
  give(4)
  expect(workers.map(({ notes }) => notes.got.length)).toEqual([2, 6])
  take(workers[0]!)
  expect(workers[0]!.notes.letGone.length).toBe(2)
})

test('what a retired worker had not taken when it ended goes to another', () => {
  const { handOut, workers, give } = scene(2)
  give(2)
  handOut.retire(workers[0]!.link)
  handOut.remove(workers[0]!.link)
  expect(workers[1]!.notes.got.length).toBe(2)
})

test('connections that were moved to a worker count', () => {
  const { handOut, workers, give } = scene(2)
  for (let i = 0; i < 3; i++) handOut.moved(workers[0]!.link)
  expect(handOut.fewest(workers.map(({ link }) => link))).toBe(workers[1]!.link)
  give(3)
  expect(workers.map(({ notes }) => notes.got.length)).toEqual([0, 3])
})
