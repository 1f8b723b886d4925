// What every server must do on a signal, whatever library it uses: a real process, a real signal, real sockets.
import net from 'node:net'
import { fileURLToPath } from 'node:url'
import { parseReason } from '@holdfast/close-codes'
import {
  Child,
  type Closed,
  evenness,
  opcode,
  type RawClient,
  rawClient,
  type WsClient,
  waitLimitMs,
  within,
  wsClient,
} from '@holdfast/testing'
import { describe, expect, it } from 'vitest'

import type { RestartOptions, RestartReport, RestartState } from '../src/index.ts'

/** A server script in test/servers and what is particular about it. */
export interface Subject {
  name: string
  script: string
  /** What runs it. Default: this Node. */
  runtime?: string
  protocols?: string[]
  /** What a client says first. */
  hello?: string
  /** A message and its answer. */
  owed?: { message: string; answer: string }
  /** Bun ends the TCP connection right behind its Close, so nobody has to be cut. Default false. */
  endsBehindClose?: boolean
}

const clients = 500

/** A server script in a process of its own. */
export class Server extends Child {
  static async start(subject: Pick<Subject, 'script' | 'runtime'>, options: RestartOptions): Promise<Server> {
    const script = fileURLToPath(new URL(`servers/${subject.script}`, import.meta.url))
    const server = new Server(subject.runtime ?? process.execPath, [script, JSON.stringify(options)])
    server.port = await server.line('the port', (line) => JSON.parse(line).port as number | undefined)
    return server
  }

  port = 0

  get url(): string {
    return `ws://127.0.0.1:${this.port}/`
  }

  /** Its state when it entered a phase. */
  phase<P extends RestartState['phase']>(phase: P): Promise<Extract<RestartState, { phase: P }>> {
    return this.line(`phase ${phase}`, (line) => {
      const said = JSON.parse(line)
      return said.phase === phase ? said : undefined
    })
  }

  report(): Promise<RestartReport> {
    return this.phase('done')
  }
}

export function conformance(subject: Subject): void {
  const { protocols = [], hello, owed = { message: 'owed', answer: 'owed' } } = subject
  const raw = (server: Server, options: object = {}) => rawClient(server.url, { protocols, ...options })

  describe(subject.name, () => {
    it(`tells ${clients} clients 1012 and when to return, spread in time, refuses others, and ends by itself`, async () => {
      // A client in a busy process may be slow to answer its Ping.
      const options = { spread: '1500ms', deadline: '10s', pongTimeout: '8s' } as const
      await using server = await Server.start(subject, options)
      await using crowd = await connectAll(server.url, protocols, hello)
      using silent = await hangingConnections(server.port)

      const begun = performance.now()
      server.signal('SIGTERM')
      await server.phase('draining')
      const upgrade = await wsClient(server.url, { protocols }).refused
      const plain = await fetch(server.url.replace('ws:', 'http:'))
      for (const [status, after] of [
        [upgrade.status, upgrade.headers['retry-after']],
        [plain.status, plain.headers.get('retry-after')],
      ]) {
        expect(status).toBe(503)
        expect(Number(after)).toBeGreaterThanOrEqual(1)
        expect(Number(after)).toBeLessThanOrEqual(5)
      }

      const ends = await within(waitLimitMs, 'all clients closed', Promise.all(crowd.ends))
      const retries = ends.map(({ closed }) => parseReason(closed.reason).retry ?? Number.NaN)
      expect(new Set(ends.map(({ closed }) => closed.code))).toEqual(new Set([1012]))
      expect(ends.every(({ closed }) => closed.reason.startsWith('service restart; retry='))).toBe(true)
      expect(evenness(retries, { from: 1000, to: 5001, buckets: 10 })).toBeLessThanOrEqual(1.1)
      // A Close and its delay have the same part of their ranges: it comes no earlier, and later only where the machine is late.
      const times = ends.map(({ at }) => at - begun)
      const slots = retries.map((retry) => ((retry - 1000) / 4000) * 1500)
      expect(times.filter((at, i) => at < slots[i]! - 1500 / 50)).toEqual([])
      expect(Math.max(...times) - Math.min(...times)).toBeGreaterThan(500)

      const report = await server.report()
      expect(await server.exited).toEqual({ code: 0, signal: null })
      expect(report).toMatchObject({
        total: clients,
        closed: clients,
        left: 0,
        cut: 0,
        open: 0,
        unanswered: 0,
      })
      // Who is silent does not hold it until the deadline.
      expect(report.ms).toBeLessThan(10_000)
      expect(silent.open()).toBe(0)
    })

    it('sends the drain ping, reads what came before its Pong, lets onDrain speak, and then closes', async () => {
      await using server = await Server.start(subject, { spread: 0, pongTimeout: '15s', deadline: '18s' })
      await using client = await raw(server, { answersPings: false })
      if (hello) client.text(hello)
      if (hello) await client.message()
      server.signal('SIGTERM')
      const ping = await nextControl(client)
      expect(ping).toMatchObject({ opcode: opcode.ping, payload: Buffer.from('holdfast:drain') })
      client.text(owed.message)
      client.pong('something else')
      expect(String((await client.message()).payload)).toBe(owed.answer)
      client.pong(ping.payload)
      expect(String((await client.message()).payload)).toBe('last word')
      expect(await client.closeFrame()).toMatchObject({ code: 1012 })
      expect(await server.report()).toMatchObject({ total: 1, closed: 1, unanswered: 0 })
      expect(await server.exited).toEqual({ code: 0, signal: null })
    })

    it('waits no longer than pongTimeout for a Pong, and cuts and counts at the deadline who answers nothing', async () => {
      await using server = await Server.start(subject, { spread: 0, pongTimeout: 300, deadline: 1200 })
      await using good = wsClient(server.url, { protocols })
      await good.opened
      await using mute = await raw(server, { answersPings: false, answersCloses: false })
      server.signal('SIGTERM')
      await nextControl(mute)
      const pinged = performance.now()
      expect(await mute.closeFrame()).toMatchObject({ code: 1012 })
      expect(performance.now() - pinged).toBeGreaterThan(200)
      await mute.ended()
      expect((await good.closed).code).toBe(1012)
      expect(await server.exited).toEqual({ code: 0, signal: null })
      const cut = subject.endsBehindClose ? 0 : 1
      expect(await server.report()).toMatchObject({ total: 2, closed: 2 - cut, cut, left: 0, unanswered: 1 })
    })

    it('ends at once on the second signal', async () => {
      await using server = await Server.start(subject, { spread: 0, pongTimeout: '60s', deadline: '90s' })
      await using mute = await raw(server, { answersPings: false })
      server.signal('SIGTERM')
      await nextControl(mute)
      server.signal('SIGTERM')
      expect(await within(waitLimitMs, 'the end', server.exited)).toEqual({ code: 143, signal: null })
    })
  })
}

interface Crowd extends AsyncDisposable {
  ends: Promise<{ closed: Closed; at: number }>[]
}

async function connectAll(url: string, protocols: string[], hello?: string): Promise<Crowd> {
  const crowd: WsClient[] = []
  const connect = async () => {
    const client = wsClient(url, { protocols, perMessageDeflate: false })
    crowd.push(client)
    await client.opened
    if (hello) client.send(hello)
    if (hello) await client.message()
  }
  while (crowd.length < clients) await Promise.all(Array.from({ length: 50 }, connect))
  return {
    ends: crowd.map(async (client) => ({ closed: await client.closed, at: performance.now() })),
    async [Symbol.asyncDispose]() {
      await Promise.all(crowd.map((client) => client[Symbol.asyncDispose]()))
    },
  }
}

/** Connections that plain `close()` waits for: nothing asked, half a request, one answered and kept alive. */
async function hangingConnections(port: number): Promise<Disposable & { open(): number }> {
  const beginnings = ['', 'GET / HTTP/1.1\r\nHost: x\r\n', 'GET / HTTP/1.1\r\nHost: x\r\n\r\n']
  const sockets = await Promise.all(
    beginnings.map(async (text) => {
      const socket = net.connect(port, '127.0.0.1').on('error', () => {})
      await new Promise((resolve) => socket.once('connect', resolve))
      socket.write(text)
      socket.resume()
      return socket
    }),
  )
  await new Promise((resolve) => sockets[2]!.once('data', resolve))
  return {
    open: () => sockets.filter((socket) => !socket.destroyed).length,
    [Symbol.dispose]: () => {
      for (const socket of sockets) socket.destroy()
    },
  }
}

/** The next frame that carries no data. */
async function nextControl(client: RawClient) {
  for (;;) {
    const frame = await client.nextFrame()
    if (frame.opcode >= opcode.close) return frame
  }
}
