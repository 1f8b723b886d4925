// Compression with Python's libraries on both ends of the gateway. Some lose a compressed message when a control frame
// stands between its fragments; some agree to `client_no_context_takeover` and keep their context. What is not installed
// is skipped by name.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { constants, deflateRawSync, inflateRawSync } from 'node:zlib'
import {
  Child,
  frame,
  opcode,
  type ReceivedMessage,
  rawClient,
  rawUpstream,
  startGateway,
  startUpstream,
  wsClient,
} from '@holdfast/testing'
import { describe, expect, test } from 'vitest'
import { holding } from './holding.ts'

const peers = fileURLToPath(new URL('./peers/python_peers.py', import.meta.url))
/** Debian's own, where its packages are; another may stand before it on the path. */
const python = existsSync('/usr/bin/python3') ? '/usr/bin/python3' : 'python3'
const hasModules = (...names: string[]) => spawnSync(python, ['-c', `import ${names}`]).status === 0

const compressed = (text: string) =>
  deflateRawSync(text, { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4)
/** What these messages say, whether each starts afresh or refers to those before it (Tornado, unasked). */
function textsOf(messages: ReceivedMessage[]): string {
  const tail = Buffer.from('0000ffff', 'hex')
  const stream = messages.flatMap(({ payload, compressed }) => (compressed ? [payload, tail] : []))
  const plain = messages.filter(({ compressed }) => !compressed).map(({ payload }) => payload)
  return `${inflateRawSync(Buffer.concat(stream), { finishFlush: constants.Z_SYNC_FLUSH })}${plain.join('')}`
}

/** A compressed message in that many fragments. */
function fragments(text: string, count: number) {
  const payload = compressed(text)
  const size = Math.ceil(payload.length / count)
  return Array.from({ length: count }, (_, i) => ({
    opcode: i === 0 ? opcode.text : opcode.continuation,
    rsv1: i === 0,
    fin: i === count - 1,
    payload: payload.subarray(i * size, (i + 1) * size),
  }))
}

const sentences = Array.from(
  { length: 4 },
  (_, n) => `message ${n}: the quick brown fox jumps over the lazy dog`,
)

const servers = [
  ['aiohttp', ['aiohttp']],
  ['tornado', ['tornado']],
  ['hypercorn', ['hypercorn', 'wsproto']],
  ['uvicorn', ['uvicorn', 'wsproto']],
] as const

describe.each(servers)('a server of %s', (name, modules) => {
  const keepalive = { ping: 20, timeout: 10_000 }
  const routes = { 'with hold': { hold: holding() }, 'with keepalive': { keepalive } }

  test.skipIf(!hasModules(...modules)).each(Object.entries(routes))(
    'answers every fragmented compressed message on a route %s',
    async (_, route) => {
      await using server = new Child(python, [peers, 'server', name])
      const port = await server.line('its port', (line) => JSON.parse(line).port as number)
      await using gateway = await startGateway({ upstreams: [`ws://127.0.0.1:${port}`], ...route })
      const extensions = 'permessage-deflate; server_no_context_takeover; client_no_context_takeover'
      await using client = await rawClient(gateway.url, { extensions: `${extensions}, permessage-deflate` })
      const answers: ReceivedMessage[] = []
      const frames = sentences.map((text) => fragments(text, 3).map((init) => frame({ ...init, mask: true })))
      client.write(frames[0]![0]!)
      for (const [n, [, second, last]] of frames.entries()) {
        const pings = client.frames.filter(({ opcode: op }) => op === opcode.ping).length
        const pinged = () => client.frames.filter(({ opcode: op }) => op === opcode.ping).length > pings + 2
        if ('keepalive' in route) await client.changes.until('more Pings', pinged)
        // One read brings the end of a message and the beginning of the next.
        const next = frames[n + 1]?.[0] ?? Buffer.alloc(0)
        client.write(Buffer.concat([second!, last!, next]))
        answers.push(await client.message())
      }
      expect(textsOf(answers)).toBe(sentences.join(''))
    },
  )

  test.skipIf(!hasModules(...modules))(
    'goes on with `ws`, whatever that offers, after a SIGKILL',
    async () => {
      const offers = [
        {}, // as a browser: client_max_window_bits
        { serverNoContextTakeover: true, clientNoContextTakeover: true },
        { serverMaxWindowBits: 10, clientMaxWindowBits: 10 },
      ]
      await using server = new Child(python, [peers, 'server', name])
      const port = await server.line('its port', (line) => JSON.parse(line).port as number)
      await using gateway = await startGateway({ upstreams: [`ws://127.0.0.1:${port}`], hold: holding() })
      const clients = offers.map((offer) =>
        wsClient(gateway.url, { perMessageDeflate: { threshold: 0, ...offer } }),
      )
      const talk = async () => {
        for (const client of clients) {
          await client.opened
          for (let n = 0; n < 20; n++) {
            client.send(`${n} ${sentences[n % 4]!.repeat(n)}`)
            expect(await client.message()).toBe(`${n} ${sentences[n % 4]!.repeat(n)}`)
          }
        }
      }
      await talk()
      const agreed = clients.map(({ socket }) => socket.extensions)
      expect(agreed).toEqual(offers.map(() => 'permessage-deflate'))
      server.signal('SIGKILL')
      await server.exited
      await using again = new Child(python, [peers, 'server', name, String(port)])
      await again.line('its port', (line) => JSON.parse(line).port as number)
      await talk()
      expect(clients.map(({ ending }) => ending)).toEqual(offers.map(() => undefined))
    },
  )
})

describe.each(['aiohttp', 'tornado', 'wsproto'])('a client of %s', (name) => {
  const missing = !hasModules(name)

  test.skipIf(missing)('understands every fragmented compressed message while Pings are due', async () => {
    await using upstream = await rawUpstream({
      extensions: 'permessage-deflate; client_no_context_takeover',
    })
    const keepalive = { ping: 20, timeout: 10_000 }
    await using gateway = await startGateway({ upstreams: [upstream.url], keepalive })
    await using client = new Child(python, [peers, 'client', name, gateway.url])
    const peer = await upstream.connection()
    for (const text of sentences) {
      const [first, ...others] = fragments(text, 3)
      peer.frame(first!)
      const pings = peer.frames.filter(({ opcode: op }) => op === opcode.ping).length
      const pinged = () => peer.frames.filter(({ opcode: op }) => op === opcode.ping).length > pings + 2
      await peer.changes.until('more Pings', pinged)
      for (const other of others) peer.frame(other)
      expect((await peer.message()).compressed).toBe(true)
    }
    peer.close(4001)
    await client.line('its close code', (line) => (JSON.parse(line).closed === 4001 ? true : undefined))
  })

  test.skipIf(missing)('is told a Close that cannot wait for the end of a fragmented message', async () => {
    await using upstream = await rawUpstream({ extensions: 'permessage-deflate; client_no_context_takeover' })
    await using gateway = await startGateway({ upstreams: [upstream.url], drain: { spread: 0 } })
    await using client = new Child(python, [peers, 'client', name, gateway.url])
    const peer = await upstream.connection()
    for (const init of fragments(sentences[0]!, 3).slice(0, 2)) peer.frame(init)
    await gateway.drain()
    await client.line('its close code', (line) => (JSON.parse(line).closed === 1012 ? true : undefined))
  })

  test.skipIf(missing)(
    'goes on after a restart, or is told 1012 if it keeps its context all the same',
    async () => {
      await using upstream = await startUpstream({ perMessageDeflate: { threshold: 0 }, echo: false })
      await using gateway = await startGateway({ upstreams: [upstream.url], hold: holding() })
      await using client = new Child(python, [peers, 'client', name, gateway.url])
      const talk = async () => {
        const connection = await upstream.connection()
        for (const text of sentences) connection.send(text)
        for (const text of sentences) expect(String(await connection.message())).toBe(text)
        return connection
      }
      ;(await talk()).close(1012)
      if (name !== 'tornado') return void (await talk())
      const next = await upstream.connection()
      for (const text of sentences) next.send(text)
      await client.line('its close code', (line) => (JSON.parse(line).closed === 1012 ? true : undefined))
      expect(await next.closed).toMatchObject({ code: 1001 })
      expect(next.messages).toEqual([])
    },
  )
})
