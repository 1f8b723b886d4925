// What a client has sent while its upstream takes nothing: in order, and no longer in memory than it is here.
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { Backlog } from '../src/resume/backlog.ts'
import type { IncomingSink } from '../src/resume/incoming.ts'
import { opcode } from '../src/wire/index.ts'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

/** Says the numbers in the control frames that it gets. */
function counter() {
  const seen: number[] = []
  const sink: IncomingSink = {
    onMessages() {},
    onControlMessage() {},
    onControlFrame: (_, payload) => void seen.push(payload.readUInt32BE()),
    onRefused() {},
  }
  return { seen, sink }
}

function numbered(n: number): Buffer {
  const payload = Buffer.alloc(4)
  payload.writeUInt32BE(n)
  return payload
}

test('everything is handed on once and in order, however much waits at a time', () => {
  const { seen, sink } = counter()
  const backlog = new Backlog(sink)
  let sent = 0
  for (const waiting of [1, 1000, 3000, 1500, 5000, 1, 0]) {
    for (; sent - seen.length < waiting; sent++) {
      const payload = numbered(sent)
      backlog.onControlFrame(opcode.ping, payload, payload)
    }
    for (let i = 0; i < 2000 && sent - seen.length > waiting / 2; i++) backlog.takeNext(sink)
  }
  expect(backlog.isEmpty).toBe(true)
  expect(seen).toEqual(Array.from({ length: sent }, (_, n) => n))
})

test('one that is never quite empty keeps nothing of what was handed on', () => {
  const { seen, sink } = counter()
  const backlog = new Backlog(sink)
  const payload = numbered(0)
  const add = () => backlog.onControlFrame(opcode.ping, payload, payload)
  const heap = () => {
    seen.length = 0
    collectGarbage()
    return process.memoryUsage().heapUsed
  }
  add()
  const before = heap()
  for (let i = 0; i < 1_000_000; i++) {
    add()
    backlog.takeNext(sink)
    seen.length = 0
  }
  // A place for each would be eight bytes.
  expect(heap() - before).toBeLessThan(2_000_000)
  expect(backlog.isEmpty).toBe(false)
})
