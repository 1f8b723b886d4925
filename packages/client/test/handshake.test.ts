import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { browserMissing, Child, closedPort, eventually, rawUpstream, startUpstream } from '@holdfast/testing'
import { WebSocket as Undici } from 'undici'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket as Ws } from 'ws'
import { bundle } from './bundle.ts'
import { type Outage, play } from './outage/play.ts'
import { openPage, type TestPage } from './page.ts'
import { bun, deno, node22, nodeLts, type Runtime, thisNode } from './runtimes.ts'

interface Playing extends AsyncDisposable {
  /** What the socket saw, a line each. */
  readonly lines: readonly string[]
}

type Start = (outage: Outage) => Promise<Playing>

const folder = mkdtempSync(join(tmpdir(), 'holdfast-handshake-'))
const program = join(folder, 'program.mjs')
beforeAll(async () => {
  writeFileSync(program, await bundle({ entry: 'outage/in-child.ts', format: 'esm', platform: 'node' }))
})
afterAll(() => rmSync(folder, { recursive: true }))

const inChild =
  ({ command, args }: Runtime): Start =>
  async (outage) => {
    const child = new Child(command, [...args, program, JSON.stringify(outage)])
    return { lines: child.stdout, [Symbol.asyncDispose]: () => child[Symbol.asyncDispose]() }
  }

const inProcess =
  (WebSocket: unknown): Start =>
  async (outage) => {
    const lines: string[] = []
    const socket = play(outage, (line) => lines.push(line), { WebSocket: WebSocket as never })
    return { lines, [Symbol.asyncDispose]: async () => socket.close() }
  }

// One browser for all, and a page for each.
let browser: Promise<TestPage> | undefined
afterAll(async () => (await browser)?.[Symbol.asyncDispose]())

async function inPage(outage: Outage): Promise<Playing> {
  browser ??= openPage()
  const { page: first, origin } = await browser
  const context = await first.context().browser()!.newContext()
  const page = await context.newPage()
  await page.goto(origin)
  const lines: string[] = []
  await page.exposeFunction('say', (line: string) => lines.push(line))
  await page.addScriptTag({
    content: await bundle({ entry: 'outage/play.ts', format: 'iife', name: 'outage' }),
  })
  await page.evaluate((given) => {
    const { outage, say } = globalThis as unknown as {
      outage: { play: typeof play }
      say(line: string): void
    }
    outage.play(given, say)
  }, outage)
  return { lines, [Symbol.asyncDispose]: () => context.close() }
}

const runtimes: { name: string; start: Start; missing?: string | undefined }[] = [
  { name: 'ws', start: inProcess(Ws) },
  { name: 'undici', start: inProcess(Undici) },
  { name: thisNode.name, start: inChild(thisNode) },
  ...[node22, nodeLts, bun, deno].map((one) => ({
    name: one.name,
    start: inChild(one),
    missing: one.missing,
  })),
  { name: 'Chromium', start: inPage, missing: browserMissing() },
]

/** Those that cannot say in the handshake who they are, or not to any use. Of them only a page asks. */
const silent = ['Deno', 'Chromium']

const until = (what: string, { lines }: Playing, done: () => unknown) =>
  eventually(what, () => Boolean(done()), { detail: () => lines })

/** A gateway whose upstream is away for that many handshakes: 101 and a Close in one piece, so that no stall is between them. */
async function refusing(count: number, code: number, reason: string) {
  let refused = 0
  return await rawUpstream({
    onRequest(_, socket) {
      socket.cork()
      return false
    },
    onOpen(peer) {
      peer.onMessage = ({ payload }) => peer.text(String(payload))
      if (refused++ < count) peer.close(code, reason)
      peer.socket.uncork()
    },
  })
}

/** A server that answers handshakes with 503, and what is asked without one with `answer`. */
async function unavailable(answer: (response: ServerResponse, count: number) => void) {
  const asked: IncomingMessage[] = []
  const handshakes: IncomingMessage[] = []
  const server = createServer((request, response) => {
    asked.push(request)
    response.setHeader('access-control-allow-origin', '*')
    answer(response, asked.length)
  })
  server.on('upgrade', (request, socket) => {
    handshakes.push(request)
    socket.on('error', () => {})
    socket.end('HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 0\r\n\r\n')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `ws://127.0.0.1:${port}/chat?room=1`,
    asked,
    handshakes,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** What the table draws for the first and the second return after 1006, and after 1014. */
const lost = [4995, 9990] as const
const badGateway = [999, 1998] as const

const told = (value: unknown) => JSON.stringify(value)
const answers: [what: string, status: number, body: string, retryIn: number | null][] = [
  ['its retry', 502, told({ code: 1014, reason: 'bad gateway: connection refused', retry: 2000 }), 2000],
  ['the retry of another code', 503, told({ code: 1013, reason: 'try again later', retry: 7000 }), 7000],
  ['0 when it would be let in now', 200, told({ retry: 0 }), 0],
  ['a code after which it is to stay away', 403, told({ code: 1008, reason: 'no', retry: 5 }), null],
  ['nothing by a page of HTML', 502, '<html>Bad Gateway</html>', lost[0]],
  ['nothing by an empty answer', 204, '', lost[0]],
  ['nothing by the JSON of an application', 401, told({ code: 1001, message: 'no token' }), lost[0]],
  ['nothing by a retry that is no number', 502, told({ code: 1014, reason: '', retry: 'soon' }), lost[0]],
  ['nothing by a negative retry', 502, told({ code: 1014, reason: '', retry: -1 }), lost[0]],
  ['nothing by a code that no Close can have', 502, told({ code: 20_000, reason: '', retry: 5 }), lost[0]],
  ['nothing by null', 502, 'null', lost[0]],
  ['no retry by one of more than a day', 502, told({ code: 1014, reason: '', retry: 1e12 }), badGateway[0]],
  [
    'nothing by an answer of megabytes',
    502,
    told({ code: 1014, reason: 'x'.repeat(5e6), retry: 5 }),
    lost[0],
  ],
]

for (const { name, start, missing } of runtimes) {
  const skipped = missing ? ` (skipped: ${missing})` : ''
  describe.skipIf(missing !== undefined)(`on ${name}${skipped}`, () => {
    it(`the handshake ${silent.includes(name) ? 'has no header' : 'says Holdfast-Client: 1'}, and its subprotocols`, async () => {
      await using server = await startUpstream()
      for (const [protocols, header] of [
        [[], undefined],
        ['b', 'b'],
        [['a', 'b'], 'a,b'],
      ] as const) {
        await using one = await start({ url: server.url, protocols: protocols as never })
        const { request } = await server.connection()
        expect(request.headers['holdfast-client']).toBe(silent.includes(name) ? undefined : '1')
        expect(request.headers['sec-websocket-protocol']?.replaceAll(' ', '')).toBe(header)
        await until('open', one, () => one.lines[0] === 'open')
      }
    })

    it('messages that a gateway refused in band arrive once, and open comes when there is somebody', async () => {
      // Deno refuses 1014 itself.
      const code = name === 'Deno' ? 1012 : 1014
      await using server = await refusing(3, code, 'bad gateway: connection refused; sent=0; retry=10')
      await using one = await start({ url: server.url, messages: ['1', '2', '3'], wait: 10 })
      await until('the messages', one, () => one.lines.includes('message 3'))
      expect(server.connections).toHaveLength(4)
      expect(server.connections[3]!.messages.map(({ payload }) => String(payload))).toEqual(['1', '2', '3'])
      // Whether it was clean goes by whether the answer to the Close or the end of TCP was first.
      const refusal = `close ${code} bad gateway: connection refused; sent=0; retry=10 `
      const what = one.lines.map((line) => (line.startsWith(refusal) ? 'refused' : line))
      expect(what, one.lines.join('\n')).toEqual([
        'open',
        ...Array(3).fill('refused'),
        'open',
        ...[1, 2, 3].map((n) => `message ${n}`),
      ])
    })

    it('a 101 that is followed at once by a Close does not start the backoff again', async () => {
      await using server = await refusing(4, 1012, 'service restart')
      await using one = await start({ url: server.url, wait: 10 })
      await until('the fifth connection', one, () => server.connections.length === 5)
      const waits = one.lines.flatMap((line) => /, in (\d+)$/.exec(line)?.[1] ?? [])
      expect(waits.map(Number)).toEqual([4996, 9991, 19_981, 29_971])
    })

    it('a first attempt that finds nobody does not end the returns', async () => {
      const port = await closedPort()
      await using one = await start({ url: `ws://127.0.0.1:${port}`, wait: 100, messages: ['kept'] })
      await until('two closes', one, () => one.lines.length >= 2)
      expect(one.lines.slice(0, 2)).toEqual([
        `close 1006  false, in ${lost[0]}`,
        `close 1006  false, in ${lost[1]}`,
      ])
      await using _server = await startUpstream({ port })
      await until('the message', one, () => one.lines.at(-1) === 'message kept')
    })

    it('a first attempt that is answered with an HTTP error does not end the returns', async () => {
      await using server = await unavailable((response) => response.writeHead(503).end('busy'))
      await using one = await start({ url: server.url, wait: 10 })
      await until('two closes', one, () => one.lines.length >= 2)
      expect(one.lines.slice(0, 2)).toEqual([
        `close 1006  false, in ${lost[0]}`,
        `close 1006  false, in ${lost[1]}`,
      ])
      if (name !== 'Chromium') expect(server.asked).toEqual([])
    })
  })
}

for (const { name, start, missing } of runtimes.filter((one) => one.name === 'Chromium')) {
  const skipped = missing ? ` (skipped: ${missing})` : ''
  describe.skipIf(missing !== undefined)(
    `asked by ${name} why a handshake failed, the server${skipped}`,
    () => {
      it.each(answers)('decides %s', async (_, status, body, retryIn) => {
        await using server = await unavailable((response) => response.writeHead(status).end(body))
        await using one = await start({ url: server.url })
        await until('the close', one, () => one.lines.length > 0)
        // The event is as ever: only retryIn knows.
        expect(one.lines[0]).toBe(`close 1006  false, in ${retryIn}`)
        if (retryIn !== 0) expect(server.asked).toHaveLength(1)
      })

      it('is asked with GET at the same URL, without credentials, once for each handshake', async () => {
        const body = told({ code: 1014, reason: 'bad gateway', retry: 2000 })
        await using server = await unavailable((response) => {
          response.writeHead(502, { 'set-cookie': 'a=b; SameSite=None' }).end(body)
        })
        await using one = await start({ url: server.url, wait: 10 })
        await until('two', one, () => one.lines.length >= 2)
        expect(one.lines.slice(0, 2)).toEqual(['close 1006  false, in 2000', 'close 1006  false, in 2000'])
        for (const [i, { method, url, headers }] of server.asked.entries()) {
          expect([method, url]).toEqual(['GET', '/chat?room=1'])
          expect(headers.accept).toBe('application/vnd.holdfast.close+json')
          expect([headers.cookie, headers.authorization]).toEqual([undefined, undefined])
          expect(i).toBeLessThan(server.handshakes.length)
        }
      })

      it('cannot make it spin: at once is not twice in a row', async () => {
        await using server = await unavailable((response) => response.writeHead(200).end('{"retry":0}'))
        await using one = await start({ url: server.url, wait: 10 })
        await until('three', one, () => one.lines.length >= 3)
        const waits = one.lines.slice(0, 3).map((line) => Number(/, in (\d+)$/.exec(line)?.[1]))
        expect(waits).toEqual([0, badGateway[1], 0])
      })

      it('is waited for no longer than 2 s, whether it says nothing or never ends', async () => {
        for (const answer of [
          () => {},
          (response: ServerResponse) => response.writeHead(502).write('{"code":1014,'),
        ]) {
          await using server = await unavailable(answer)
          await using one = await start({ url: server.url })
          await until('the close', one, () => one.lines.length === 1)
          expect(one.lines).toEqual([`close 1006  false, in ${lost[0]}`])
        }
      })
    },
  )
}
