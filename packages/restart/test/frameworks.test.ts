// What the clients of real frameworks see when their server restarts, by the programs of docs/restarting-node.md.
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import http from 'node:http'
import { fileURLToPath } from 'node:url'
import { parseReason } from '@holdfast/close-codes'
import { evenness, installFrameworks, rawClient, waitLimitMs, within, wsClient } from '@holdfast/testing'
import { describe, expect, it } from 'vitest'
import { FrameworkServer, programs } from './framework-servers.ts'

interface Subject {
  path?: string
  program?: string
  args?: string[]
  /** How the process ends. Default: by itself, with 0. */
  end?: { code: number | null; signal: NodeJS.Signals | null }
  /** What it says on its way. */
  says?: string[]
}

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))
const documented = programs(here('../../../docs/restarting-node.md'))
const nest = { program: readFileSync(here('servers/nest.mjs'), 'utf8') }
const hooks = ['hook: onModuleDestroy', 'hook: onApplicationShutdown']
const socketIo = '/socket.io/?EIO=4&transport=websocket'
// With enableShutdownHooks NestJS ends the process by the signal.
const bySignal = { code: null, signal: 'SIGTERM' } as const

const subjects: Record<string, Subject> = {
  'node:http with any library': {},
  'express-ws': {},
  'koa-websocket': {},
  'Socket.IO': { path: socketIo },
  'Engine.IO': { path: '/engine.io/?EIO=4&transport=websocket' },
  'NestJS with WsAdapter': { ...nest, args: ['ws'], says: hooks },
  'NestJS with WsAdapter and enableShutdownHooks': {
    ...nest,
    args: ['ws', 'hooks'],
    says: hooks,
    end: bySignal,
  },
  'NestJS with WsAdapter on a port of its own': {
    ...nest,
    args: ['ws', 'hooks', 'port'],
    says: hooks,
    end: bySignal,
  },
  'NestJS with WsAdapter on a port of its own, with a path': {
    ...nest,
    args: ['ws', '', 'path'],
    path: '/echo',
    says: hooks,
  },
  'NestJS with IoAdapter on a port of its own': {
    ...nest,
    args: ['io', '', 'port'],
    path: socketIo,
    says: hooks,
  },
  'NestJS with IoAdapter': { ...nest, args: ['io'], path: socketIo, says: hooks },
  'NestJS with IoAdapter and enableShutdownHooks': {
    ...nest,
    args: ['io', 'hooks'],
    path: socketIo,
    says: hooks,
    end: bySignal,
  },
  'Socket.IO with a handler of the application, which closes and exits': {
    program: `${documented.get('Socket.IO')}
process.on('SIGTERM', async () => {
  await io.close()
  console.log('closed')
  process.exit(7)
})`,
    path: socketIo,
    says: ['closed'],
    end: { code: 7, signal: null },
  },
  Feathers: { path: socketIo },
  Hocuspocus: {},
  'Hocuspocus 3': {
    program: documented.get('Hocuspocus')?.replace('@hocuspocus/server', 'hocuspocus-3') ?? '',
  },
  crossws: {},
  tRPC: {},
  'rpc-websockets': {},
  sockjs: { path: '/echo/websocket' },
  faye: { path: '/faye' },
  'faye-websocket': {},
  'websocket-node': {},
}

const clients = 100
const deadline = 2500
const why = await installFrameworks()

it('every program of the document is tested', () => {
  expect([...documented.keys()].filter((name) => !(name in subjects))).toEqual([])
})

describe.skipIf(why)(`with the real server${why ? `: skipped, since ${why}` : ''}`, () => {
  for (const [name, { path = '/', program = documented.get(name)!, args, ...ends }] of Object.entries(
    subjects,
  )) {
    it(`${name}: ${clients} clients are told 1012 and when to return, newcomers 503; who is silent holds nothing`, async () => {
      const options = { spread: '1s', deadline, pongTimeout: 300 }
      await using server = await FrameworkServer.start(program, path, options, args)
      await using silent = await rawClient(server.url, { answersPings: false, answersCloses: false })
      const crowd = Array.from({ length: clients }, () => wsClient(server.url, { perMessageDeflate: false }))
      await Promise.all(crowd.map(({ opened }) => opened))
      const ended = crowd.map(async (client) => ({ closed: await client.closed, at: performance.now() }))

      const begun = performance.now()
      server.signal('SIGTERM')
      await Promise.race(ended)
      const { status, headers } = await within(waitLimitMs, 'an answer', wsClient(server.url).refused)
      expect([status, headers['retry-after']]).toEqual([503, expect.stringMatching(/^[1-5]$/)])

      const seen = await within(waitLimitMs, 'all are told', Promise.all(ended))
      expect(new Set(seen.map(({ closed }) => closed.code))).toEqual(new Set([1012]))
      const reasons = seen.map(({ closed }) => parseReason(closed.reason))
      expect(new Set(reasons.map(({ text }) => text))).toEqual(new Set(['service restart']))
      const retries = reasons.map(({ retry }) => retry ?? Number.NaN)
      expect(evenness(retries, { from: 1000, to: 5001, buckets: 4 })).toBeLessThanOrEqual(1.4)
      const times = seen.map(({ at }) => at)
      expect(Math.max(...times) - Math.min(...times)).toBeGreaterThan(300)

      expect(await silent.closeFrame()).toMatchObject({ code: 1012 })
      await silent.ended()
      expect(await within(waitLimitMs, 'its end', server.exited)).toEqual(
        ends.end ?? { code: 0, signal: null },
      )
      // Left to themselves, most of these libraries wait another 20 or 30 seconds.
      expect(performance.now() - begun).toBeLessThan(deadline + 17_000)
      const done = server.stdout.find((line) => line.startsWith('restart: done'))
      expect(done).toMatch(/closed 100, left 0, cut 1$/)
      for (const line of ends.says ?? []) expect(server.stdout).toContain(line)
      for (const client of crowd) await client[Symbol.asyncDispose]()
    })
  }

  it('Socket.IO over long-polling: each client is served until its turn, and told the close of Engine.IO', async () => {
    const options = { spread: '1s', deadline: '20s' }
    await using server = await FrameworkServer.start(documented.get('Socket.IO')!, socketIo, options)
    const url = `${server.url.replace('ws:', 'http:').replace('websocket', 'polling')}`
    const pollers = await Promise.all(Array.from({ length: 20 }, () => polling(url)))
    server.signal('SIGTERM')
    const ends = await within(waitLimitMs, 'all are told', Promise.all(pollers.map(({ end }) => end)))
    expect(ends.map(({ last }) => last)).toEqual(ends.map(() => '1'))
    expect(ends.filter(({ said }) => said.includes('42["bye"]'))).toHaveLength(20)
    const times = ends.map(({ at }) => at)
    expect(Math.max(...times) - Math.min(...times)).toBeGreaterThan(300)
    expect(await server.exited).toEqual({ code: 0, signal: null })
    expect(server.stdout.at(-1)).toMatch(/closed 20, left 0, cut 0$/)
  })
})

/** A client of Socket.IO over requests; `end`: its last packet, and all before. Packets are parted by U+001E. */
async function polling(url: string) {
  const [open = ''] = (await ask(url)).packets
  const own = `${url}&sid=${JSON.parse(open.slice(1)).sid}`
  await ask(own, '40')
  const said = (await ask(own)).packets
  expect(said[0]).toMatch(/^40/)
  const poll = async (): Promise<{ last: string; said: string[]; at: number }> => {
    const { status, packets } = await ask(own)
    if (status !== 200) return { last: `HTTP ${status}`, said, at: performance.now() }
    said.push(...packets)
    const last = said.at(-1)!
    if (last !== '1') return poll()
    return { last, said, at: performance.now() }
  }
  return { end: poll() }
}

/** On a connection of its own: one that is kept alive may end under the next request, which a browser asks again. */
async function ask(url: string, body?: string): Promise<{ status: number; packets: string[] }> {
  const request = http.request(url, { method: body ? 'POST' : 'GET', agent: false })
  request.end(body)
  const [response] = (await once(request, 'response')) as [http.IncomingMessage]
  const chunks = await response.setEncoding('utf8').toArray()
  return { status: response.statusCode ?? 0, packets: chunks.join('').split('\u001e') }
}
