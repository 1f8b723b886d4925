import { Socket } from 'node:net'
import { type FakeClock, fakeClock } from '@holdfast/testing'
import { expect, test } from 'vitest'
import { SocketBalancer } from '../src/process/socket-balancer.ts'
import { WorkerLink } from '../src/process/worker-link.ts'
import type { Channel } from '../src/worker/channel.ts'
import type { ToWorker } from '../src/worker/worker-messages.ts'

/** A worker that only notes what it is sent. */
class Notes implements Channel {
  readonly pid = 0
  readonly got: Extract<ToWorker, { type: 'socket' }>[] = []
  readonly letGone: Socket[] = []
  end = (_: string) => {}

  send(message: ToWorker) {
    if (message.type === 'socket') this.got.push(message)
  }
  onMessage() {}
  onExit(listener: (ending: string) => void) {
    this.end = listener
  }
  kill() {}
  release(socket: Socket) {
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
  const balancer = new SocketBalancer(clock)
  const workers = Array.from({ length: count }, (_, i) => worker(i + 1, clock))
  for (const { link } of workers) balancer.add(link)
  const sockets: Socket[] = []
  const assign = (times = 1) => {
    for (let i = 0; i < times; i++) {
      const socket = new Socket()
      sockets.push(socket)
      balancer.assign('a', socket)
    }
  }
  const take = ({ notes, link }: (typeof workers)[0]) => {
    for (const { id } of notes.got) balancer.acknowledge(link, id)
  }
  return { clock, balancer, workers, sockets, assign, take }
}

test('sockets go round while all workers have the same number', () => {
  const { workers, assign } = scene(3)
  assign(9)
  expect(workers.map(({ notes }) => notes.got.length)).toEqual([3, 3, 3])
})

test('a socket goes to the worker with the fewest', () => {
  const { balancer, workers, assign, take } = scene(2)
  assign(20)
  for (const each of workers) take(each)
  balancer.update(workers[1]!.link, 0)
  assign(10)
  expect(workers.map(({ notes }) => notes.got.length)).toEqual([10, 20])
})

test('a worker that takes nothing is left alone after 64 sockets', () => {
  const { workers, assign, take } = scene(2)
  for (let i = 0; i < 300; i++) {
    assign()
    take(workers[0]!)
  }
  expect(workers[1]!.notes.got.length).toBe(64)
  expect(workers[0]!.notes.got.length).toBe(236)
})

test('what an ended worker had not taken goes to another, in order', () => {
  const { balancer, workers, assign } = scene(2)
  assign(4)
  const lost = workers[0]!.notes.got.map(({ id }) => id)
  balancer.remove(workers[0]!.link)
  expect(workers[1]!.notes.got.map(({ id }) => id).slice(2)).toEqual(lost)
})

test('what an ended worker had taken is not handed out again', () => {
  const { balancer, workers, assign, take } = scene(2)
  assign(4)
  take(workers[0]!)
  balancer.remove(workers[0]!.link)
  expect(workers[1]!.notes.got.length).toBe(2)
})

test('a taken socket is let go of', () => {
  const { workers, sockets, assign, take } = scene(1)
  assign()
  expect(sockets[0]!.destroyed).toBe(false)
  take(workers[0]!)
  expect(workers[0]!.notes.letGone).toEqual(sockets)
})

test('sockets wait for the next worker', () => {
  const { clock, balancer, assign } = scene(0)
  assign(3)
  const late = worker(9, clock)
  balancer.add(late.link)
  expect(late.notes.got.length).toBe(3)
})

test('a worker that has ended before it is added gets nothing', () => {
  const { clock, balancer, workers, assign } = scene(1)
  const late = worker(9, clock)
  late.notes.end('was killed')
  balancer.add(late.link)
  assign(2)
  expect([late, ...workers].map(({ notes }) => notes.got.length)).toEqual([0, 2])
})

test('the socket after 16,384 waiting ones is closed', () => {
  const { balancer, sockets, assign } = scene(0)
  assign(16_385)
  expect(sockets.filter(({ destroyed }) => destroyed)).toEqual([sockets[16_384]])
  expect(balancer.dropped).toBe(1)
})

test('a socket that waits longer than ten seconds is closed', () => {
  const { clock, balancer, sockets, assign } = scene(0)
  assign()
  clock.tick(5000)
  assign()
  clock.tick(5000)
  expect(sockets.map(({ destroyed }) => destroyed)).toEqual([true, false])
  clock.tick(5000)
  expect(sockets.map(({ destroyed }) => destroyed)).toEqual([true, true])
  expect(balancer.dropped).toBe(2)
  expect(clock.pending).toBe(0)
})

test('a socket that its worker does not take in ten seconds is closed', () => {
  const { clock, sockets, assign } = scene(1)
  assign()
  clock.tick(10_000)
  expect(sockets[0]!.destroyed).toBe(true)
  expect(clock.pending).toBe(0)
})

test('settle resolves when the last socket has been taken', async () => {
  const { clock, balancer, workers, assign, take } = scene(1)
  assign(2)
  const settled = balancer.whenIdle(500)
  take(workers[0]!)
  await settled
  expect(clock.now()).toBe(0)
})

test('settle gives up after its limit', async () => {
  const { clock, balancer, assign } = scene(1)
  assign()
  const settled = balancer.whenIdle(500)
  clock.tick(500)
  await settled
  balancer.close()
  expect(clock.pending).toBe(0)
})

test('close closes all that was not taken', () => {
  const { balancer, sockets, assign } = scene(1)
  assign(100)
  balancer.close()
  expect(sockets.every(({ destroyed }) => destroyed)).toBe(true)
})

test('a retired worker gets nothing more, and keeps what is on its way to it', () => {
  const { balancer, workers, assign, take } = scene(2)
  assign(4)
  balancer.retire(workers[0]!.link)
  assign(4)
  expect(workers.map(({ notes }) => notes.got.length)).toEqual([2, 6])
  take(workers[0]!)
  expect(workers[0]!.notes.letGone.length).toBe(2)
})

test('what a retired worker had not taken when it ended goes to another', () => {
  const { balancer, workers, assign } = scene(2)
  assign(2)
  balancer.retire(workers[0]!.link)
  balancer.remove(workers[0]!.link)
  expect(workers[1]!.notes.got.length).toBe(2)
})

test('connections that were moved to a worker count', () => {
  const { balancer, workers, assign } = scene(2)
  for (let i = 0; i < 3; i++) balancer.countMoved(workers[0]!.link)
  expect(balancer.fewest(workers.map(({ link }) => link))).toBe(workers[1]!.link)
  assign(3)
  expect(workers.map(({ notes }) => notes.got.length)).toEqual([0, 3])
})
