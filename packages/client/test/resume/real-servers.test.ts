// `resume: true` with servers that know nothing of it, and with a gateway whose route does not resume: event by event as without.
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Child, eventually, startGateway } from '@holdfast/testing'
import { afterAll, describe, expect, it } from 'vitest'
import { WebSocketServer } from 'ws'
import { bun } from '../runtimes.ts'
import { openSocket } from './open-socket.ts'

const source = (name: string) => fileURLToPath(new URL(`./servers/${name}`, import.meta.url))
const python = existsSync('/usr/bin/python3') ? '/usr/bin/python3' : 'python3'
const goPath = '/usr/share/gocode'
const hasGorilla =
  existsSync(`${goPath}/src/github.com/gorilla/websocket`) && spawnSync('go', ['version']).status === 0

const folder = mkdtempSync(join(tmpdir(), 'plain-servers-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

interface Running extends AsyncDisposable {
  url: string
}

async function running(command: string, args: string[]): Promise<Running> {
  const child = new Child(command, args)
  const port = await child.line('its port', (text) => (/^\d+$/.test(text) ? text : undefined))
  return { url: `ws://127.0.0.1:${port}`, [Symbol.asyncDispose]: () => child[Symbol.asyncDispose]() }
}

/** `ws`, which selects the first that is offered unless it is told otherwise. */
async function startWs(
  selects = (offered: Set<string>): string | false => [...offered][0] ?? false,
): Promise<Running> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', handleProtocols: selects })
  server.on('connection', (socket) => {
    socket.send('hello')
    socket.on('message', (data: Buffer, binary) =>
      String(data) === 'bye' ? socket.close(4001, 'as asked') : socket.send(data, { binary }),
    )
  })
  await once(server, 'listening')
  return {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      for (const socket of server.clients) socket.terminate()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

const chatOrNone = (offered: Set<string>) => offered.has('chat') && 'chat'

async function startPlainRoute(): Promise<Running> {
  const server = await startWs(chatOrNone)
  const gateway = await startGateway({ upstreams: [server.url] })
  return {
    url: gateway.url,
    async [Symbol.asyncDispose]() {
      await gateway[Symbol.asyncDispose]()
      await server[Symbol.asyncDispose]()
    },
  }
}

function startGorilla(): Promise<Running> {
  const program = join(folder, 'gorilla')
  const env = { ...process.env, GO111MODULE: 'off', GOPATH: goPath, GOCACHE: join(folder, 'cache') }
  if (!existsSync(program))
    spawnSync('go', ['build', '-o', program, source('plain-gorilla.go')], { env, stdio: 'inherit' })
  return running(program, [])
}

const plainRoute = 'a route without resume'

const servers: [name: string, missing: string | undefined, start: () => Promise<Running>][] = [
  ['ws, which selects the first', undefined, () => startWs()],
  ['ws, which selects chat or none', undefined, () => startWs(chatOrNone)],
  [
    'Uvicorn',
    spawnSync(python, ['-c', 'import uvicorn']).status === 0
      ? undefined
      : "Debian's python3-uvicorn is missing",
    () => running(python, [source('plain-asgi.py')]),
  ],
  [
    'gorilla/websocket',
    hasGorilla ? undefined : "Debian's golang-go or golang-github-gorilla-websocket-dev is missing",
    startGorilla,
  ],
  ['Bun', bun.missing, () => running(bun.command, [source('plain-bun.mjs')])],
  [plainRoute, undefined, startPlainRoute],
]

/** What an application sees of a whole conversation: a return, and a Close of its own. */
async function converse(url: string, protocols: string[], resume: boolean): Promise<unknown[]> {
  const { socket, seen, closes } = openSocket(url, protocols, { resume, maxRetries: 1, retry: () => 0 })
  const all: unknown[] = []
  const look = () => all.push([seen.length, socket.readyState, socket.protocol, socket.bufferedAmount])
  socket.addEventListener('open', look)
  socket.addEventListener('close', look)
  const isOver = () => socket.readyState === 3
  socket.send('early')
  await eventually('an echo, or the end', () => seen.includes('early') || isOver())
  if (!isOver()) {
    socket.send('')
    socket.send(new Uint8Array([0, 1, 2]))
    await eventually('bytes', () => seen.some((one) => one instanceof ArrayBuffer))
    socket.send('bye')
    await eventually('the return', () => seen.filter((one) => one === 'hello').length === 2)
    look()
    socket.close(4002, 'done')
    await eventually('the end', isOver)
  }
  const shown = seen.map((one) => (one instanceof ArrayBuffer ? [...new Uint8Array(one)] : one))
  return [
    ...shown,
    ...all,
    ...closes.map(({ code, reason, wasClean, session }) => [code, reason, wasClean, session]),
  ]
}

/**
 * A client fails a handshake whose answer selects none of what it has offered. PROTOCOL.md 2: a gateway that knows of the protocol
 * selects `holdfast.none` then, so that there it is no failure.
 */
const offers = (server: string) => [
  [],
  ['chat'],
  ['old', 'chat'],
  ...(server === plainRoute ? [] : [['old']]),
]

describe.each(servers)('%s', (name, missing, start) => {
  it.skipIf(missing)(`is with resume as without${missing ? ` (skipped: ${missing})` : ''}`, async () => {
    await using server = await start()
    for (const protocols of offers(name)) {
      const without = await converse(server.url, protocols, false)
      expect({ protocols, seen: await converse(server.url, protocols, true) }).toEqual({
        protocols,
        seen: without,
      })
    }
  })
})

it('a route without resume whose server selects none is open, with no subprotocol', async () => {
  await using route = await startPlainRoute()
  const { socket, seen } = openSocket(route.url, ['old'])
  await eventually('hello', () => seen.includes('hello'))
  expect([seen, socket.protocol, socket.readyState]).toEqual([['open', 'hello'], '', 1])
  socket.close()
})
