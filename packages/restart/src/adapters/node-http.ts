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
  const traffic = new Traffic(server)
  const upgrades = new Map<Duplex, Upgraded>()
  let retryAfter = () => 1
  let giveClose = () => {}
  const onDone: (() => void)[] = []

  const onUpgrade = ({ socket }: IncomingMessage, stream: Duplex) => {
    const before = socket.bytesWritten
    upgrades.set(stream, {
      stream,
      answered: () => socket.bytesWritten > before,
      refuse: () => refuseUpgrade(stream, retryAfter()),
    })
    stream.once('close', () => upgrades.delete(stream))
  }
  const unfollow = followUpgrades(server, onUpgrade)

  return {
    sockets: () => [...upgrades.values()].map((upgraded) => rawSocket(upgraded, handsOut())),
    refuse(refusal) {
      retryAfter = refusal.retryAfter
      unfollow()
      answerWithRefusals(server, { counter: traffic.onRequest, serves }, refusal)
      traffic.cutIdle()
      // A handler of the application's own for the same signal would have newcomers refused by TCP, without a word.
      giveClose = replaceMethod(server, 'close', (done?: () => void) => {
        if (done) onDone.push(done)
        return server
      })
    },
    async close() {
      giveClose()
      const closed = new Promise((resolve) => server.close(resolve))
      traffic.cutWhenDone()
      await closed
    },
    cut: () => traffic.cut(),
    release() {
      unfollow()
      traffic.release()
      for (const done of onDone.splice(0)) queueMicrotask(done)
    },
  }
}

/** Who is connected to a server, and what it still has to answer. */
class Traffic {
  readonly #server: Server
  readonly #connections = new Set<Duplex>()
  readonly #asked = new WeakSet<Duplex>()
  /** Those that have asked for something, and ask for nothing now. */
  readonly #idle = new Set<Duplex>()
  #inFlight = 0
  #cutsWhenDone = false

  constructor(server: Server) {
    this.#server = server
    server.on('connection', this.#onConnection)
    server.prependListener('request', this.onRequest)
  }

  readonly #onConnection = (socket: Duplex): void => {
    this.#connections.add(socket)
    socket.once('close', () => this.#connections.delete(socket))
  }

  /** Its listener, which answers nothing. */
  readonly onRequest = ({ socket }: IncomingMessage, response: ServerResponse): void => {
    if (!this.#asked.has(socket)) socket.once('close', () => this.#idle.delete(socket))
    this.#asked.add(socket)
    this.#idle.delete(socket)
    response.once('close', () => {
      if (!socket.destroyed) this.#idle.add(socket)
    })
    // Without another listener nobody will answer, and there is nothing to wait for.
    if (this.#server.listeners('request').every((listener) => listener === this.onRequest)) return
    this.#inFlight++
    response.once('close', () => {
      this.#inFlight--
      if (this.#inFlight === 0 && this.#cutsWhenDone) this.cut()
    })
  }

  /** Ends those that ask for nothing now. */
  cutIdle(): void {
    // Not closeIdleConnections(): on newer Node (seen on 26) it ends those, too, whose first request is on its way.
    for (const socket of this.#idle) socket.destroy()
  }

  /** Ends all as soon as nothing is in flight. */
  cutWhenDone(): void {
    this.#cutsWhenDone = true
    if (this.#inFlight === 0) this.cut()
  }

  /** Ends all. */
  cut(): void {
    this.#server.closeAllConnections?.()
    for (const socket of this.#connections) socket.destroy()
  }

  release(): void {
    this.#server.off('connection', this.#onConnection)
    this.#server.off('request', this.onRequest)
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
