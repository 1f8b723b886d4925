// Who writes may take nothing meanwhile, at either end of a session: the acknowledgement that makes room stands behind data
// that nobody takes, and is read all the same (PROTOCOL.md, section 5).
import { spawnSync } from 'node:child_process'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Child, frame, opcode, rawUpstream, startGateway, waitLimitMs, within } from '@holdfast/testing'
import { expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { ReconnectingWebSocket } from '../../client/src/resume.ts'
import { python } from './resume-traffic.ts'
import { resumeOptions, resumingClient } from './resuming.ts'

const missing = spawnSync(python, ['-c', 'import websockets.legacy.client']).status !== 0
const kib = 1024
const part = Buffer.alloc(64 * kib, 'p')
/** More each way than the buffers of the system and a window hold. */
const [fromServer, fromClient] = [384, 192]

/** A server that reads nothing before all that it has to say was taken, and a gateway before it. */
async function writingServer(buffer: number) {
  const upstream = await rawUpstream({ onOpen: (peer) => peer.stopReading() })
  const gateway = await startGateway({ upstreams: [upstream.url], resume: resumeOptions({ buffer }) })
  return {
    url: gateway.url,
    async exchange() {
      const server = await upstream.connection()
      // First the client, until nothing moves: only then it is the server that waits for the client.
      let [before, still] = [-1, 0]
      while (still < 10) {
        const { counters } = (await gateway.snapshot()).routes[0]!
        const { 'to-upstream': now } = counters.bytes
        still = now === before && now > 0 ? still + 1 : 0
        before = now
        await setTimeout(20)
      }
      const { done } = server.flood(frame({ opcode: opcode.binary, payload: part }), fromServer)
      await within(waitLimitMs, 'all of the server is taken', done)
      server.startReading()
      await server.changes.until('all of the client', () => server.messages.length >= fromClient, {
        detail: () => server.describe().slice(-200),
      })
      expect(server.messages.every(({ payload }) => payload.equals(part))).toBe(true)
    },
    async [Symbol.asyncDispose]() {
      await gateway[Symbol.asyncDispose]()
      await upstream[Symbol.asyncDispose]()
    },
  }
}

test('a server that does not read while it writes: the client in TypeScript', async () => {
  await using server = await writingServer(kib * kib)
  const client = new ReconnectingWebSocket(server.url, [], { resume: true, WebSocket })
  const seen: string[] = []
  let got = 0
  client.binaryType = 'arraybuffer'
  for (const type of ['open', 'suspend', 'close'] as const)
    client.addEventListener(type, () => seen.push(type))
  client.addEventListener('message', () => got++)
  // Before there is a connection they wait for it.
  client.addEventListener('open', () => {
    for (let n = 0; n < fromClient; n++) client.send(part)
    expect(client.bufferedAmount).toBeGreaterThan(4 * kib * kib)
  })
  await server.exchange()
  expect(got).toBe(fromServer)
  expect(seen).toEqual(['open'])
  client.close()
})

test.skipIf(missing)('the same: the client in Python', async () => {
  await using server = await writingServer(kib * kib)
  const peer = fileURLToPath(new URL('./peers/resume_window.py', import.meta.url))
  const options = { url: server.url, sends: fromClient, gets: fromServer, size: part.length }
  await using client = new Child(python, [peer, JSON.stringify(options)])
  await server.exchange()
  const report = await client.line('its report', (line) => JSON.parse(line))
  expect(report).toEqual({ got: fromServer, returns: 0 })
})

test('neither reads while it writes: a window of the client is taken, and nothing is lost', async () => {
  const buffer = fromClient * part.length
  await using server = await writingServer(buffer)
  const client = await resumingClient(server.url)
  const { connection } = client
  connection!.stopReading()
  const exchange = server.exchange()
  exchange.catch(() => {})
  const { done } = connection!.flood(frame({ opcode: opcode.binary, payload: part, mask: true }), fromClient)
  await within(waitLimitMs, 'a window of the client is taken', done)
  connection!.startReading()
  await exchange
  await client.until(fromServer)
  await client.heard('an ack', ({ received }) => received === fromClient)
  client.cut()
})
