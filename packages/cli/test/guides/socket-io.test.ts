// Runs docs/socket-io.md: real servers and clients of Socket.IO through a gateway of several workers.
import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { eventually, startHoldfast } from '@holdfast/testing'
import { Server } from 'socket.io'
import { io, type ManagerOptions, type Socket, type SocketOptions } from 'socket.io-client'
import { describe, expect, test } from 'vitest'
import { blockNamed } from './guide.ts'

/** A server that says to each client which one it is. */
async function startServer(name: string) {
  const web = http.createServer()
  const server = new Server(web)
  server.on('connection', (socket) => {
    socket.emit('name', name)
    socket.on('ask', (question, answer) => answer(`${name}: ${question}`))
  })
  await once(web.listen(0, '127.0.0.1'), 'listening')
  return {
    port: (web.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      web.closeAllConnections()
      await server.close()
    },
  }
}

/** The gateway of the guide, with this balance in place of its own, before these servers. */
async function gatewayFor(ports: number[], balance?: string) {
  const [first, second] = ports
  const text = blockNamed('socket-io', 'holdfast.yaml')
    .replace('127.0.0.1:8080', '127.0.0.1:0')
    .replace(':3001', `:${first}`)
    .replace(':3002', `:${second}`)
    .replace(/balance: .*/, (own) => (balance === undefined ? own : `balance: ${balance}`))
  return startHoldfast({ config: `admin: 127.0.0.1:0\nworkers: 2\n${text}` })
}

function client(
  url: string,
  options: Partial<ManagerOptions & SocketOptions> = {},
): Disposable & { socket: Socket } {
  const socket = io(url, { forceNew: true, reconnection: false, ...options })
  return { socket, [Symbol.dispose]: () => void socket.disconnect() }
}

/** 'connected', or why not. */
function outcome(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    socket.on('connect', () => resolve('connected'))
    socket.on('connect_error', (error) =>
      resolve(
        `${error.message} ${(error as { context?: { responseText?: string } }).context?.responseText ?? ''}`,
      ),
    )
  })
}

describe('Socket.IO through Holdfast, as docs/socket-io.md has it', () => {
  test('polls, upgrades and answers with hash(address), two workers and two servers', async () => {
    await using one = await startServer('one')
    await using two = await startServer('two')
    await using holdfast = await gatewayFor([one.port, two.port])
    const names = new Set<string>()
    // Addresses of the loopback, so that clients differ as on a network.
    for (let n = 1; n <= 12; n++) {
      const agent = new http.Agent({
        localAddress: `127.0.0.${100 + n}`,
        keepAlive: n % 2 === 0,
      } as http.AgentOptions)
      // biome-ignore lint/suspicious/noExplicitAny: in Node the option takes an agent; the types say a flag or a name
      using sticky = client(holdfast.url, { agent: agent as any })
      const { socket } = sticky
      socket.on('name', (name) => names.add(name))
      expect(await outcome(socket)).toBe('connected')
      await eventually('the upgrade', () => socket.io.engine.transport.name === 'websocket')
      expect(await socket.emitWithAck('ask', n)).toMatch(`: ${n}`)
    }
    expect([...names].sort()).toEqual(['one', 'two'])
  })

  test('is refused by the other server where nothing is sticky and it only polls', async () => {
    await using one = await startServer('one')
    await using two = await startServer('two')
    await using holdfast = await gatewayFor([one.port, two.port], 'round-robin')
    const seen: string[] = []
    await eventually('a session that meets the other server', async () => {
      using polling = client(holdfast.url, { transports: ['polling'] })
      seen.push(await outcome(polling.socket))
      return seen.some((words) => words.includes('Session ID unknown'))
    })
  })

  test('needs no stickiness with a WebSocket from the beginning', async () => {
    await using one = await startServer('one')
    await using two = await startServer('two')
    await using holdfast = await gatewayFor([one.port, two.port], 'round-robin')
    expect(blockNamed('socket-io', 'client.mjs')).toContain("{ transports: ['websocket'] }")
    for (let n = 0; n < 6; n++) {
      using direct = client(holdfast.url, { transports: ['websocket'] })
      expect(await outcome(direct.socket)).toBe('connected')
    }
  })
})
