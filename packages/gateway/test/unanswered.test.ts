// An upstream that leaves a Ping unanswered: what the connection says of it, and what it does when it is asked itself.
import { closePayload, frame, opcode, parseFrames } from '@holdfast/testing'
import { expect, test } from 'vitest'
import { type PeerStream, startHeldPipe, startPipe, turn } from './piping.ts'

const pings = (stream: PeerStream) =>
  parseFrames(stream.bytes()).frames.filter(({ opcode: op }) => op === opcode.ping)
const pong = (payload: Buffer) => frame({ opcode: opcode.pong, payload })
const text = (payload: string) => frame({ opcode: opcode.text, payload, mask: true })

/** A held connection that pings only when it is asked to; what it says of its upstream. */
function silentUpstream() {
  const said: boolean[] = []
  const keepalive = { ping: 600_000, timeout: 1000 }
  const held = startHeldPipe({ keepalive, onUnanswered: (gone) => said.push(gone) })
  return { ...held, said }
}

test('a Ping of the keepalive that is not answered is told once, with the end of the upstream', async () => {
  const said: boolean[] = []
  const { pipe, client, clock } = startPipe({ onUnanswered: (gone) => said.push(gone) })
  for (let at = 500; at <= 4000; at += 500) {
    clock.tick(500)
    client.push(text('here'))
    await turn()
    pipe.tick(at)
  }
  expect(said).toEqual([true])
})

test('a Ping behind a message that is not answered in time is told, and the upstream is not given up', async () => {
  const { pipe, client, clock, said } = silentUpstream()
  client.push(text('anybody?'))
  await turn()
  for (const at of [500, 999]) {
    clock.tick(at - clock.now())
    pipe.tick(at)
    expect(said).toEqual([])
  }
  clock.tick(1)
  pipe.tick(1000)
  expect(said).toEqual([false])
  clock.tick(5000)
  pipe.tick(6000)
  expect(said).toEqual([false])
  expect(pipe.state).toBe('open')
  pipe.cut()
})

test('a Ping behind a message is answered by whatever the upstream sends', async () => {
  const { pipe, client, upstream, clock, said } = silentUpstream()
  client.push(text('anybody?'))
  await turn()
  upstream.push(frame({ opcode: opcode.text, payload: 'in a moment' }))
  await turn()
  clock.tick(1500)
  pipe.tick(1500)
  expect(said).toEqual([])
  pipe.cut()
})

test('an upstream that is asked and answers in time stays; one that does not is given up at that time', async () => {
  const { pipe, upstream, clock, said } = silentUpstream()
  pipe.askUpstream(800)
  const [ping] = pings(upstream)
  upstream.push(pong(ping!.payload))
  await turn()
  clock.tick(800)
  pipe.tick(800)
  expect(pipe.state).toBe('open')
  pipe.askUpstream(1600)
  expect(pings(upstream)).toHaveLength(2)
  clock.tick(799)
  pipe.tick(1599)
  expect(pipe.state).toBe('open')
  pipe.tick(1600)
  expect(pipe.state).toBe('held')
  expect(said).toEqual([true])
  pipe.cut()
})

test('what came before the question is no answer to it', async () => {
  const { pipe, upstream, clock } = silentUpstream()
  upstream.push(frame({ opcode: opcode.text, payload: 'last words' }))
  await turn()
  pipe.askUpstream(1000)
  clock.tick(1000)
  pipe.tick(1000)
  expect(pipe.state).toBe('held')
  pipe.cut()
})

test('an upstream that is not read, because its client takes no more, is not asked', async () => {
  const { pipe, client, upstream, clock } = silentUpstream()
  client.takes = false
  upstream.push(frame({ opcode: opcode.binary, payload: Buffer.alloc(60_000) }))
  upstream.push(frame({ opcode: opcode.binary, payload: Buffer.alloc(60_000) }))
  await turn()
  pipe.askUpstream(1000)
  expect(pings(upstream)).toEqual([])
  clock.tick(1000)
  pipe.tick(1000)
  expect(pipe.state).toBe('open')
  pipe.cut()
})

test('nobody is asked who is closing, or is held', async () => {
  const { pipe, upstream } = silentUpstream()
  upstream.push(frame({ opcode: opcode.close, payload: closePayload(1012) }))
  await turn()
  expect(pipe.state).toBe('held')
  pipe.askUpstream(1000)
  expect(pings(upstream)).toEqual([])
  pipe.cut()
  pipe.askUpstream(1000)
})
