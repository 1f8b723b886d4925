import http from 'node:http'
import type { Duplex } from 'node:stream'
import { Changes, closedPort } from '@holdfast/testing'

/** How a server goes: with the end of every TCP connection, as after SIGKILL, or with a reset of each. */
export type Loss = 'end' | 'reset'

/** A server that goes and comes back on its port, with nothing of what it knew. */
export interface Server extends AsyncDisposable {
  readonly url: string
  stop(how: Loss): Promise<void>
  start(): Promise<void>
}

/** `serve` is called at each start, before there is a connection. */
export async function startServer(serve: (server: http.Server) => void): Promise<Server> {
  const port = await closedPort()
  let server: http.Server | undefined
  const sockets = new Set<Duplex>()
  const start = async () => {
    const life = http.createServer()
    life.on('connection', (socket) => {
      sockets.add(socket)
      socket.on('close', () => sockets.delete(socket))
      socket.on('error', () => {})
    })
    serve(life)
    await new Promise<void>((resolve, reject) => {
      life.once('error', reject)
      life.listen(port, '127.0.0.1', resolve)
    })
    server = life
  }
  const stop = async (how: Loss) => {
    const closed = new Promise((resolve) => server?.close(resolve))
    for (const socket of sockets) {
      if (how === 'reset' && 'resetAndDestroy' in socket)
        (socket as import('node:net').Socket).resetAndDestroy()
      else socket.destroy()
    }
    await closed
  }
  await start()
  return { url: `ws://127.0.0.1:${port}`, stop, start, [Symbol.asyncDispose]: () => stop('reset') }
}

/** A client of a publish and subscribe protocol behind a gateway, and its server. Words are `topic text`. */
export interface App extends AsyncDisposable {
  readonly server: Pick<Server, 'stop' | 'start'>
  readonly told: CloseAction
  /** Resolves when the server has agreed. */
  subscribe(topic: string): Promise<unknown>
  unsubscribe(topic: string): Promise<unknown>
  /** By somebody else than the client. */
  publish(topic: string, text: string): unknown
  /** By the client. Resolves when the server has acknowledged it, where the protocol has that. */
  say(topic: string, text: string): unknown
  /** Resolves when the server has the client's subscriptions, and no others. */
  knows(topics: string[]): Promise<unknown>
}

/** What came of it. */
export class CloseAction {
  readonly changes = new Changes()
  /** By the client: what it is subscribed to. */
  readonly received: string[] = []
  /** By the server: what the client said. */
  readonly heard: string[] = []
  /** By the application: that its connection has gone, come, or failed. */
  readonly events: string[] = []

  add(list: 'received' | 'heard' | 'events', word: string): void {
    this[list].push(word)
    this.changes.notify()
  }

  until(list: 'received' | 'heard' | 'events', word: string): Promise<unknown> {
    return this.changes.until(`${list}: ${word}`, () => this[list].includes(word), {
      detail: () => ({ received: this.received, heard: this.heard, events: this.events }),
    })
  }
}
