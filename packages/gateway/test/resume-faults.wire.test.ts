// Returns that are cut anywhere, compression, and what an attacker can say: PROTOCOL.md against a real gateway.
import net from 'node:net'
import { deflateRawSync } from 'node:zlib'
import { frame, opcode, rawClient, startGateway, startUpstream } from '@holdfast/testing'
import { describe, expect, test } from 'vitest'
import { ResumingClient, resumeOptions, resumingClient } from './resuming.ts'

const deflated = (text: string) => deflateRawSync(text, { finishFlush: 2 }).subarray(0, -4)

describe('a return that is cut', () => {
  /** Passes bytes both ways, and resets both ends after so many bytes of the answer; a client that is cut sees nothing more. */
  async function cutter(port: number) {
    let left = Number.POSITIVE_INFINITY
    const sockets = new Set<net.Socket>()
    const server = net.createServer((client) => {
      const gateway = net.connect(port, '127.0.0.1')
      for (const socket of [client, gateway]) {
        sockets.add(socket)
        socket.on('error', () => {}).on('close', () => sockets.delete(socket))
      }
      client.on('data', (chunk) => gateway.write(chunk)).on('close', () => gateway.destroy())
      gateway.on('close', () => client.destroy())
      gateway.on('data', (chunk: Buffer) => {
        const passed = chunk.subarray(0, left)
        left -= passed.length
        if (passed.length > 0) client.write(passed)
        if (left > 0) return
        left = Number.POSITIVE_INFINITY
        gateway.resetAndDestroy()
        client.end()
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return {
      url: `ws://127.0.0.1:${(server.address() as net.AddressInfo).port}`,
      cutAfter(bytes: number) {
        left = bytes
      },
      async [Symbol.asyncDispose]() {
        for (const socket of sockets) socket.destroy()
        await new Promise((resolve) => server.close(resolve))
      },
    }
  }

  test('at each of its bytes loses no session and no message', async () => {
    await using upstream = await startUpstream({ echo: false })
    await using gateway = await startGateway({ upstreams: [upstream.url], resume: resumeOptions() })
    await using between = await cutter(Number(new URL(gateway.url).port))
    const client = await resumingClient(between.url)
    const server = await upstream.connection()
    const sent: string[] = []
    // The 101, welcome and five messages have some 600 bytes.
    for (let bytes = 1; bytes < 700; bytes += 7) {
      client.cut()
      for (let n = 0; n < 5; n++) {
        sent.push(`${bytes}.${n}`)
        server.send(`${bytes}.${n}`)
      }
      between.cutAfter(bytes)
      await client.open().catch(() => {})
      const { connection } = client
      await connection?.changes.until('all, or the end', () => {
        return connection.ending || client.messages.length === sent.length
      })
      between.cutAfter(Number.POSITIVE_INFINITY)
      if (bytes % 3 === 0) continue
      expect(await client.open()).toMatchObject({ resumed: true })
      expect(await client.until(sent.length)).toEqual(sent)
    }
    expect((await client.open()).resumed).toBe(true)
    expect(await client.until(sent.length)).toEqual(sent)
    expect(upstream.connections).toHaveLength(1)
    client.cut()
  })

  test('inside a message of its own sends that again, and it arrives once', async () => {
    await using upstream = await startUpstream({ echo: false })
    await using gateway = await startGateway({ upstreams: [upstream.url], resume: resumeOptions() })
    const client = await resumingClient(gateway.url)
    const server = await upstream.connection()
    const whole = frame({ opcode: opcode.text, payload: 'a message', mask: true })
    for (let bytes = 0; bytes < whole.length; bytes++) {
      client.connection!.write(whole.subarray(0, bytes))
      client.connection!.end()
      client.unacknowledged = [{ number: client.sent + 1, payload: `message ${bytes}` }]
      expect(await client.open()).toMatchObject({ resumed: true, received: client.sent })
      client.sent++
      expect(await server.message()).toBe(`message ${bytes}`)
    }
    client.cut()
  })
})

describe('compression', () => {
  const extensions = 'permessage-deflate; client_max_window_bits'

  test('starts afresh with each message, so that what was compressed can be read on the next connection', async () => {
    await using upstream = await startUpstream({ perMessageDeflate: { threshold: 0 }, echo: false })
    await using gateway = await startGateway({ upstreams: [upstream.url], resume: resumeOptions() })
    const client = await resumingClient(gateway.url, { extensions })
    const agreed = client.connection!.headers['sec-websocket-extensions']
    expect(agreed).toContain('server_no_context_takeover')
    expect(agreed).toContain('client_no_context_takeover')
    const server = await upstream.connection()
    const texts = Array.from({ length: 20 }, (_, n) => `the same words again and again, and number ${n}`)
    for (const text of texts.slice(0, 10)) server.send(text)
    await client.until(10)
    client.cut()
    for (const text of texts.slice(10)) server.send(text)
    expect((await client.open()).resumed).toBe(true)
    expect(client.connection!.headers['sec-websocket-extensions']).toBe(agreed)
    expect(await client.until(20)).toEqual(texts)
    client.connection!.frame({ opcode: opcode.text, payload: deflated('from the client'), rsv1: true })
    expect(await server.message()).toBe('from the client')
    client.cut()
  })

  test('is not needed on the next connection: messages are inflated for it, and it may do without', async () => {
    await using upstream = await startUpstream({ perMessageDeflate: { threshold: 0 }, echo: false })
    await using gateway = await startGateway({ upstreams: [upstream.url], resume: resumeOptions() })
    const client = await resumingClient(gateway.url, { extensions })
    const server = await upstream.connection()
    server.send('compressed')
    await client.until(1)
    client.cut()
    server.send('compressed, and compressed again')
    delete client.options.extensions
    expect((await client.open()).resumed).toBe(true)
    expect(client.connection!.headers['sec-websocket-extensions']).toBeUndefined()
    server.send(Buffer.from('binary'))
    server.send('')
    expect(await client.until(4)).toEqual(['compressed', 'compressed, and compressed again', 'binary', ''])
    client.send('not compressed')
    expect(await server.message()).toBe('not compressed')
    client.options.extensions = extensions
    server.send('and back')
    expect((await client.open()).resumed).toBe(true)
    expect((await client.until(5)).at(-1)).toBe('and back')
    client.cut()
  })

  test('a compressed control message is one, and a compressed bomb is data', async () => {
    await using upstream = await startUpstream({ perMessageDeflate: { threshold: 1e9 }, echo: false })
    await using gateway = await startGateway({ upstreams: [upstream.url], resume: resumeOptions() })
    const client = await resumingClient(gateway.url, { extensions })
    const server = await upstream.connection()
    const say = (text: string) =>
      client.connection!.frame({ opcode: opcode.text, payload: deflated(text), rsv1: true })
    say(`\0${client.nonce}{"type":"ping","id":7}`)
    expect(await client.heard('pong', ({ type }) => type === 'pong')).toEqual({ type: 'pong', id: 7 })
    const bomb = `\0${client.nonce}${' '.repeat(50_000)}`
    say(bomb)
    expect(await server.message()).toBe(bomb)
    client.cut()
  })
})

describe('an attacker', () => {
  test.each(['', '0-guessed', 'x'.repeat(128)])(
    'with the guessed token %j gets a new session, and ends none',
    async (token) => {
      await using upstream = await startUpstream()
      await using gateway = await startGateway({ upstreams: [upstream.url], resume: resumeOptions() })
      const honest = await resumingClient(gateway.url)
      const other = new ResumingClient(gateway.url)
      other.token = token || undefined
      expect((await other.open()).resumed).toBe(false)
      honest.send('x')
      expect(await honest.until(1)).toEqual(['x'])
      honest.cut()
      other.cut()
    },
  )

  test('that counts more than there was is told 1002, and the session is over', async () => {
    await using upstream = await startUpstream()
    await using gateway = await startGateway({ upstreams: [upstream.url], resume: resumeOptions() })
    const client = await resumingClient(gateway.url)
    const server = await upstream.connection()
    client.cut()
    for (const received of [1, 2 ** 53 - 1]) {
      client.received = received
      const connection = await client.dial()
      if (received === 1) expect(await connection.closeFrame()).toMatchObject({ code: 1002 })
      else expect(connection.protocol).toBe('holdfast.v1')
      await connection[Symbol.asyncDispose]()
    }
    expect(await server.closed).toMatchObject({ code: 1006 })
  })

  test('that counts less than was acknowledged gets a new session that says so', async () => {
    await using upstream = await startUpstream()
    await using gateway = await startGateway({ upstreams: [upstream.url], resume: resumeOptions() })
    const client = await resumingClient(gateway.url)
    client.send('x')
    await client.until(1)
    client.say({ type: 'ping', id: 1 })
    await client.heard('pong', ({ type }) => type === 'pong')
    client.cut()
    client.received = 0
    expect(await client.open()).toMatchObject({ resumed: false, over: { why: 'counters', received: 1 } })
    client.cut()
  })

  test('with the token and another cookie is told 3000, and the session stays', async () => {
    await using upstream = await startUpstream()
    await using gateway = await startGateway({
      upstreams: [upstream.url],
      resume: resumeOptions({ bind: { from: 'cookie', name: 'sid' } }),
    })
    const client = await resumingClient(gateway.url, { headers: { Cookie: 'a=b; sid=alice' } })
    client.cut()
    const thief = new ResumingClient(gateway.url, { headers: { Cookie: 'sid=mallory' } })
    Object.assign(thief, { token: client.token })
    const connection = await thief.dial()
    expect(await connection.closeFrame()).toEqual({ code: 3000, reason: 'session of another client' })
    expect((await client.open()).resumed).toBe(true)
    client.cut()
  })

  test('of another origin gets nothing, and the session stays', async () => {
    await using upstream = await startUpstream()
    await using gateway = await startGateway({
      upstreams: [upstream.url],
      origins: ['https://a.example'],
      resume: resumeOptions(),
    })
    const client = await resumingClient(gateway.url, { headers: { Origin: 'https://a.example' } })
    client.cut()
    await using thief = await rawClient(gateway.url, {
      protocols: client.offers,
      headers: { Origin: 'https://b.example' },
    })
    expect(thief.status).toBe(403)
    expect((await client.open()).resumed).toBe(true)
    client.cut()
  })

  test('sessions without a client are given up, longest first, when they take more than `total`', async () => {
    await using upstream = await startUpstream({ echo: false })
    await using gateway = await startGateway({
      upstreams: [upstream.url],
      resume: resumeOptions({ buffer: 64 * 1024, total: 256 * 1024 }),
    })
    const clients: ResumingClient[] = []
    for (let n = 0; n < 20; n++) {
      const client = await resumingClient(gateway.url)
      clients.push(client)
      const server = await upstream.connection()
      client.cut()
      server.send('x'.repeat(60 * 1024))
    }
    await gateway.changes.until(
      'evictions',
      () => gateway.log.filter(({ why }) => why === 'evicted').length >= 16,
    )
    const first = await clients[0]!.open()
    expect(first).toMatchObject({ resumed: false, over: { why: 'evicted' } })
    expect((await clients.at(-1)!.open()).resumed).toBe(true)
    for (const client of clients) client.cut()
  })
})
