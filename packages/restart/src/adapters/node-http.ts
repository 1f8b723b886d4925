// node:http and node:https: who is connected, what is in flight, which streams were upgraded. `close` of node:http
// waits for all of them; left to itself it waits for ever for a client that never asks for anything.
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Refusal, RestartServer } from '../seam.ts'
import { refuseRequest, refuseUpgrade } from './http-refusal.ts'
import { rawSocket, type Upgraded } from './raw-socket.ts'
import { replaceMethod } from './replace-method.ts'

/** What the rest of a target says about its HTTP server. */
export interface HttpRelations {
  /** Whether `onDrain` gets the streams of upgrades: where no library was passed that knows them better. */
  handsOut(): boolean
  /** Whether a request is part of a connection that has not been told yet, and is served until it is. */
  serves(request: IncomingMessage): boolean
}

/** Restarts a node:http or node:https server, whatever library answers its upgrades. */
export function nodeHttp(server: Server, { handsOut, serves }: HttpRelations): RestartServer {
  const connections = new Set<Duplex>()
  const asked = new WeakSet<Duplex>()
  /** Those that have asked for something, and ask for nothing now. */
  const idle = new Set<Duplex>()
  const upgrades = new Map<Duplex, Upgraded>()
  let inFlight = 0
  let onIdle = () => {}
  let retryAfter = () => 1
  let giveClose = () => {}
  const onDone: (() => void)[] = []

  const onConnection = (socket: Duplex) => {
    connections.add(socket)
    socket.once('close', () => connections.delete(socket))
  }

  const onRequest = ({ socket }: IncomingMessage, response: ServerResponse) => {
    if (!asked.has(socket)) socket.once('close', () => idle.delete(socket))
    asked.add(socket)
    idle.delete(socket)
    response.once('close', () => {
      if (!socket.destroyed) idle.add(socket)
    })
    // Without another listener nobody will answer, and there is nothing to wait for.
    if (server.listeners('request').every((listener) => listener === onRequest)) return
    inFlight++
    response.once('close', () => {
      inFlight--
      if (inFlight === 0) onIdle()
    })
  }

  const onUpgrade = ({ socket }: IncomingMessage, stream: Duplex) => {
    const before = socket.bytesWritten
    upgrades.set(stream, {
      stream,
      answered: () => socket.bytesWritten > before,
      refuse: () => refuseUpgrade(stream, retryAfter()),
    })
    stream.once('close', () => upgrades.delete(stream))
  }

  server.on('connection', onConnection)
  server.prependListener('request', onRequest)
  const unfollow = followUpgrades(server, onUpgrade)

  function cut(): void {
    server.closeAllConnections?.()
    for (const socket of connections) socket.destroy()
  }

  return {
    sockets: () => [...upgrades.values()].map((upgraded) => rawSocket(upgraded, handsOut())),
    refuse(refusal) {
      retryAfter = refusal.retryAfter
      unfollow()
      answerWithRefusals(server, { counter: onRequest, serves }, refusal)
      // Not closeIdleConnections(): on newer Node (seen on 26) it ends those, too, whose first request is on its way.
      for (const socket of idle) socket.destroy()
      // A handler of the application's own for the same signal would have newcomers refused by TCP, without a word.
      giveClose = replaceMethod(server, 'close', (done?: () => void) => {
        if (done) onDone.push(done)
        return server
      })
    },
    async close() {
      giveClose()
      const closed = new Promise((resolve) => server.close(resolve))
      onIdle = cut
      if (inFlight === 0) cut()
      await closed
    },
    cut,
    release() {
      unfollow()
      server.off('connection', onConnection)
      server.off('request', onRequest)
      for (const done of onDone.splice(0)) queueMicrotask(done)
    },
  }
}

/**
 * Calls the listener on each upgrade, but only while someone else listens too: node:http gives an upgrade request
 * without any listener to 'request', where it belongs when nobody knows WebSockets.
 */
function followUpgrades(
  server: Server,
  onUpgrade: (request: IncomingMessage, stream: Duplex) => void,
): () => void {
  const on = () => {
    server.off('upgrade', onUpgrade)
    server.prependListener('upgrade', onUpgrade)
  }
  const onAdded = (event: string, listener: unknown) => {
    if (event === 'upgrade' && listener !== onUpgrade) on()
  }
  const onRemoved = (event: string) => {
    if (event === 'upgrade' && server.listenerCount('upgrade') === 1) server.off('upgrade', onUpgrade)
  }
  if (server.listenerCount('upgrade') > 0) on()
  server.on('newListener', onAdded)
  server.on('removeListener', onRemoved)
  return () => {
    server.off('newListener', onAdded)
    server.off('removeListener', onRemoved)
    server.off('upgrade', onUpgrade)
  }
}

interface Except {
  /** A listener that stays. */
  counter: unknown
  serves(request: IncomingMessage): boolean
}

/** Puts the refusals in place of whoever answers now. */
function answerWithRefusals(server: Server, { counter, serves }: Except, refusal: Refusal): void {
  const { requests, retryAfter } = refusal
  const silence = (event: string) => {
    for (const listener of server.listeners(event)) {
      if (listener !== counter) server.off(event, listener as () => void)
    }
  }
  silence('upgrade')
  server.on('upgrade', (_, stream) => refuseUpgrade(stream, retryAfter()))
  if (requests === 'serve') {
    server.prependListener('request', (request: IncomingMessage, response: ServerResponse) => {
      if (request.httpVersionMajor < 2) response.setHeader('Connection', 'close')
    })
    return
  }
  const before = server.listeners('request').filter((listener) => listener !== counter)
  for (const event of ['request', 'checkContinue', 'checkExpectation']) silence(event)
  server.on('request', (request, response) => {
    if (!serves(request)) return refuseRequest(request, response, retryAfter())
    for (const listener of before) listener.call(server, request, response)
  })
}
