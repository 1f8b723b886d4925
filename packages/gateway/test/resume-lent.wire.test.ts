// What is read into buffers that are read into again: every byte of what a session keeps, and of what waits for a slow peer.
import { createHash } from 'node:crypto'
import { eventually, frame, opcode, startGateway, startUpstream } from '@holdfast/testing'
import { expect, test } from 'vitest'
import { resumeOptions, resumingClient } from './resuming.ts'

/** A message of so many bytes that no other has. */
function body(name: string, size: number): string {
  let text = ''
  for (let hash = name; text.length < size; ) {
    hash = createHash('sha256').update(hash).digest('hex')
    text += hash
  }
  return text.slice(0, size)
}

const sizes = [100, 16_384, 5000, 16_384, 16_384, 70_000, 16_384, 30]
const sizeOf = (n: number) => sizes[n % sizes.length]!

test('what came while a client was away, behind much that it had, is what was sent', async () => {
  await using upstream = await startUpstream({ echo: false })
  await using gateway = await startGateway({ upstreams: [upstream.url], resume: resumeOptions() })
  const client = await resumingClient(gateway.url)
  const other = await resumingClient(gateway.url)
  const [server, othersServer] = [await upstream.connection(), await upstream.connection()]
  const sent: string[] = []
  const send = () => {
    const text = body(`down ${sent.length}`, sizeOf(sent.length))
    sent.push(text)
    server.send(text)
  }
  for (let n = 0; n < 40; n++) send()
  await client.until(40)
  client.cut()
  await gateway.changes.until('parked', () => gateway.log.some(({ msg }) => msg === 'session parked'))
  for (let n = 0; n < 24; n++) send()
  // What others are sent meanwhile is read into the same memory.
  for (let n = 0; n < 40; n++) othersServer.send(body(`other ${n}`, sizeOf(n)))
  await other.until(40)
  expect((await client.open()).resumed).toBe(true)
  await client.until(64)
  expect(client.messages.map((text, n) => text === sent[n])).toEqual(sent.map(() => true))
  client.cut()
  other.cut()
})

test('messages that come in pieces, to an upstream that does not read for a while, arrive as they were', async () => {
  await using upstream = await startUpstream({ echo: false })
  await using gateway = await startGateway({ upstreams: [upstream.url], resume: resumeOptions() })
  const client = await resumingClient(gateway.url)
  const server = await upstream.connection()
  server.socket.pause()
  const said: string[] = []
  const all: Buffer[] = []
  for (let n = 0; n < 400; n++) {
    said.push(body(`up ${n}`, sizeOf(n)))
    all.push(frame({ opcode: opcode.text, payload: said[n]!, mask: true }))
  }
  const bytes = Buffer.concat(all)
  // Cut where no message ends.
  for (let at = 0; at < bytes.length; at += 50_021) client.connection!.write(bytes.subarray(at, at + 50_021))
  let before = -1
  await eventually('nothing goes on any more', () => {
    const last = before
    before = client.connection!.stream.writableLength
    return last === before
  })
  server.socket.resume()
  for (let n = 0; n < said.length; n++)
    expect((await server.message()) === said[n], `message ${n}`).toBe(true)
  client.cut()
})
