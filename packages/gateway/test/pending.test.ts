import { EventEmitter } from 'node:events'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Opening, Pending } from '../src/listen/pending.ts'

class Socket extends EventEmitter {
  destroyed = false
  destroy() {
    if (this.destroyed) return
    this.destroyed = true
    this.emit('close')
  }
}

function scene(connections: number, perAddress: number, shared: string[] = []) {
  let refused = 0
  const pending = new Pending({
    options: () => ({ connections, perAddress, timeout: 60_000 }),
    shared: (address) => shared.includes(address),
    onRefused: () => refused++,
  })
  const open = (address: string) => {
    const socket = new Socket()
    return { socket, opening: pending.add(socket, address) }
  }
  return { pending, open, refused: () => refused }
}

test('over the share of an address its oldest socket gives way', () => {
  const { open, refused } = scene(100, 2)
  const [a, b, other, c] = ['1', '1', '2', '1'].map(open)
  expect([a, b, other, c].map((each) => each!.socket.destroyed)).toEqual([true, false, false, false])
  expect(refused()).toBe(1)
})

test('an address that speaks for others has no share', () => {
  const { open, pending } = scene(100, 2, ['10.0.0.1'])
  for (let i = 0; i < 10; i++) open('10.0.0.1')
  expect(pending.size).toBe(10)
})

test('at the cap one address that has taken all places only ends sockets of its own', () => {
  const { open, pending } = scene(10, 100)
  const client = open('good')
  for (let i = 0; i < 1000; i++) open('bad')
  expect(client.socket.destroyed).toBe(false)
  expect(pending.size).toBe(10)
})

test('at the cap a newcomer with a new address takes the place of the oldest', () => {
  const { open } = scene(3, 100)
  const old = ['1', '2', '3'].map(open)
  const newcomer = open('4')
  expect(old.map(({ socket }) => socket.destroyed)).toEqual([true, false, false])
  expect(newcomer.socket.destroyed).toBe(false)
})

test('a socket whose PROXY header gave another address counts for that one', () => {
  const { open, pending } = scene(100, 1)
  const first = open('proxy')
  first.opening.from('1.1.1.1')
  const second = open('proxy')
  second.opening.from('1.1.1.1')
  expect([first, second].map(({ socket }) => socket.destroyed)).toEqual([true, false])
  expect(pending.size).toBe(1)
})

test('whatever happens, the caps hold, the newest is served, and nothing is left in the end', () => {
  const address = fc.integer({ min: 1, max: 4 }).map(String)
  const step = fc.oneof(
    fc.record({ do: fc.constant('open'), address }),
    fc.record({ do: fc.constantFrom('done', 'close', 'from'), which: fc.nat(50), address }),
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const { pending, open } = scene(8, 4)
      const all: { socket: Socket; opening: Opening }[] = []
      for (const each of steps) {
        if (!('which' in each)) {
          all.push(open(each.address))
          expect(all.at(-1)!.socket.destroyed).toBe(false)
        } else if (all.length > 0) {
          const { socket, opening } = all[each.which % all.length]!
          if (each.do === 'done') opening.done()
          else if (each.do === 'close') socket.destroy()
          else opening.from(each.address)
        }
        expect(pending.size).toBeLessThanOrEqual(8)
      }
      for (const { socket } of all) socket.destroy()
      expect(pending.size).toBe(0)
    }),
    { numRuns: 300 },
  )
})

test('what has sent its request is let go of, and not at the end of its socket only', () => {
  const { open } = scene(100, 100)
  const { socket, opening } = open('192.0.2.1')
  expect(socket.listenerCount('close')).toBe(1)
  opening.done()
  expect(socket.listenerCount('close')).toBe(0)
})
