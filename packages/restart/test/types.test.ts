// What `onDrain` gets is known from what was passed, without a type of any library in the package itself.
import http from 'node:http'
import type { Duplex } from 'node:stream'
import websocket from '@fastify/websocket'
import { createNodeWebSocket } from '@hono/node-ws'
import type { Peer } from 'crossws'
import crossws, { type NodeAdapter } from 'crossws/adapters/node'
import Fastify from 'fastify'
import { Hono } from 'hono'
import { expect, expectTypeOf, it } from 'vitest'
import { type WebSocket, WebSocketServer } from 'ws'
import { bunSockets, gracefulRestart, type NestTarget, type SocketOf } from '../src/index.ts'

const app = Fastify()
const nodeWebSocket = createNodeWebSocket({ app: new Hono() })
void websocket

interface BunSocket {
  send(data: string): number
}
/** As the types of Socket.IO have it. */
interface IoSocket {
  emit(event: string): boolean
}
interface SocketIo {
  engine: unknown
  of(name: string): unknown
  sockets: { sockets: Map<string, IoSocket> }
  close(): Promise<void>
}
const handlers = bunSockets({ message: (socket: BunSocket, message: string) => socket.send(message) })

it('onDrain is typed by the server', () => {
  expectTypeOf<SocketOf<WebSocketServer>>().toEqualTypeOf<WebSocket>()
  expectTypeOf<SocketOf<readonly [http.Server, WebSocketServer]>>().toEqualTypeOf<WebSocket>()
  expectTypeOf<SocketOf<http.Server>>().toEqualTypeOf<Duplex>()
  expectTypeOf<SocketOf<typeof app>>().toEqualTypeOf<WebSocket>()
  expectTypeOf<SocketOf<[http.Server, typeof nodeWebSocket]>>().toEqualTypeOf<WebSocket>()
  expectTypeOf<SocketOf<[http.Server, NodeAdapter]>>().toExtend<Peer>()
  expectTypeOf<SocketOf<typeof handlers>>().toEqualTypeOf<BunSocket>()
  expectTypeOf<SocketOf<SocketIo>>().toEqualTypeOf<IoSocket>()
  expectTypeOf<SocketOf<{ getWss(): WebSocketServer; applyTo(): void }>>().toEqualTypeOf<WebSocket>()
  expectTypeOf<SocketOf<{ ws: { server?: WebSocketServer }; callback(): void }>>().toEqualTypeOf<WebSocket>()
  expectTypeOf<SocketOf<NestTarget>>().toBeAny()
})

it('every supported server is taken, and an Express app or a number is refused at compile time and at run time', () => {
  const signals: NodeJS.Signals[] = []
  const server = http.createServer()
  const wss = new WebSocketServer({ noServer: true })
  const bun = { reload: () => {}, stop: () => {}, pendingWebSockets: 0 }
  gracefulRestart(wss, { signals, onDrain: (socket) => socket.send('bye') }).cancel()
  gracefulRestart([server, wss], { signals, onDrain: (socket) => socket.send('bye') }).cancel()
  gracefulRestart({ server, wss }, { signals, onDrain: (socket) => socket.send('bye') }).cancel()
  gracefulRestart(server, { signals, onDrain: (stream) => stream.write('bye') }).cancel()
  gracefulRestart(app, { signals, onDrain: (socket) => socket.send('bye') }).cancel()
  gracefulRestart([server, nodeWebSocket], { signals, onDrain: (socket) => socket.send('bye') }).cancel()
  gracefulRestart([server, crossws({})], { signals, onDrain: (peer) => peer.send('bye') }).cancel()
  gracefulRestart([bun, handlers], { signals, onDrain: (socket) => socket.send('bye') }).cancel()

  const express = Object.assign(() => {}, { listen: () => {} })
  // @ts-expect-error: an app, not a server
  expect(() => gracefulRestart(express)).toThrow(/pass what listen\(\) returns, not the app/)
  // @ts-expect-error: a port, not a server
  expect(() => gracefulRestart(3000)).toThrow(TypeError)
  expect(() => gracefulRestart(bun)).toThrow(/wrap its WebSocket handlers with bunSockets/)
  expect(() => gracefulRestart([bun, handlers], { requests: 'serve' })).toThrow(RangeError)
  expect(() => gracefulRestart({})).toThrow(TypeError)
  const koa = { ws: {}, callback: () => {}, listen: () => {} }
  expect(() => gracefulRestart(koa)).toThrow(/call it once the server listens/)
  expect(process.listenerCount('SIGTERM')).toBe(0)
})
