// What a worker hears of the others about a session: that one has it, that none has, or that nobody knows.
import { mkdtempSync, rmSync } from 'node:fs'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { eventually, type FakeClock, fakeClock } from '@holdfast/testing'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { ClientHandshake } from '../src/http/index.ts'
import { SessionExchange } from '../src/worker/session-exchange.ts'

let folder: string
let clock: FakeClock
let exchange: SessionExchange
const open: (() => unknown)[] = []

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hf-'))
  clock = fakeClock()
  const gateway = { serveReturn: () => false, giveFor: () => false }
  exchange = new SessionExchange({ folder, worker: 1, gateway, clock, log: pino({ level: 'silent' }) })
  exchange.listen()
})
afterEach(() => {
  for (const end of open.splice(0)) end()
  exchange.stop()
  rmSync(folder, { recursive: true })
})

/** Another worker, which has heard a handshake. */
async function worker(number: number, answer: (socket: net.Socket, asked: string) => void) {
  const sockets = new Set<net.Socket>()
  const server = net.createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {}).once('data', (asked) => answer(socket, String(asked)))
  })
  await new Promise<void>((resolve) => server.listen(join(folder, `${number}.sock`), resolve))
  open.push(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
}

const no = (socket: net.Socket) => socket.end('{"has":false}\n')

function handshake(): ClientHandshake {
  return {
    request: {
      httpVersion: '1.1',
      target: '/',
      host: 'chat.example',
      authority: 'chat.example:80',
      headers: [],
      key: 'x3JJHMbDL1EzLkh9GBhXDw==',
      protocols: [],
      extensions: '',
      address: '192.0.2.7',
    },
    ours: true,
    signal: new AbortController().signal,
    onEarly() {},
    accept: () => new net.Socket(),
    refuse() {},
    fail() {},
  }
}

const token = `2-${'x'.repeat(43)}`
const ask = () => exchange.elsewhere(handshake(), token)

describe('a session that a worker looks for', () => {
  test('is with none when all say so, or have ended', async () => {
    expect(await ask()).toBe(false)
    await worker(2, no)
    await worker(3, no)
    expect(await ask()).toBe(false)
    open.shift()!()
    expect(await ask()).toBe(false)
  })

  test.each<[string, (socket: net.Socket) => void]>([
    ['closes without a word', (socket) => socket.destroy()],
    ['ends without a word', (socket) => socket.end()],
    ['says what cannot be read', (socket) => socket.write('what?\n')],
  ])('may be with one that %s', async (_, answer) => {
    await worker(2, answer)
    await worker(3, no)
    expect(await ask()).toBe('unknown')
  })

  test('may be with one that says nothing for five seconds', async () => {
    let heard = false
    await worker(2, () => {
      heard = true
    })
    const asked = ask()
    await eventually('the handshake', () => heard)
    await clock.advance(5_000)
    expect(await asked).toBe('unknown')
  })

  test('may be with another when 256 are looked for already', async () => {
    let heard = 0
    await worker(2, () => {
      heard++
    })
    const asked = Array.from({ length: 256 }, ask)
    expect(await ask()).toBe('unknown')
    await eventually('all of them', () => heard === asked.length)
    await clock.advance(5_000)
    expect(new Set(await Promise.all(asked))).toEqual(new Set(['unknown']))
  })

  test('is with one that has it, though another has not answered', async () => {
    await worker(2, (socket) => socket.destroy())
    await worker(3, (socket) => socket.write('{"refuse":{"status":403,"headers":[]}}\n'))
    expect(await ask()).toBe(true)
  })

  test('is told by which front its client comes', async () => {
    const heard = new Promise<string>((resolve) => {
      void worker(2, (socket, asked) => {
        no(socket)
        resolve(asked)
      }).then(() => exchange.elsewhere({ ...handshake(), front: 1_000_002 }, token))
    })
    expect(JSON.parse(await heard)).toMatchObject({ front: 1_000_002 })
  })
})
