// The network between the demo's clients and its gateway: a port that hands bytes on, until the plug is pulled.
import net from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'

export class Plug implements AsyncDisposable {
  readonly #server: net.Server
  readonly #sockets = new Set<net.Socket>()
  readonly #watchers = new Set<() => void>()
  #connected = 0
  #pulled = false

  private constructor(target: number) {
    this.#server = net.createServer({ noDelay: true }, (client) => this.#onClient(client, target))
  }

  /** A port of this machine whose bytes go to port `target`. */
  static async listen(target: number): Promise<Plug> {
    const plug = new Plug(target)
    await new Promise<void>((resolve, reject) => {
      plug.#server.once('error', reject).listen(0, '127.0.0.1', resolve)
    })
    return plug
  }

  get port(): number {
    return (this.#server.address() as net.AddressInfo).port
  }

  /** Resets all connections, and every new one for so many milliseconds. */
  async pull(ms: number): Promise<void> {
    this.#pulled = true
    for (const socket of this.#sockets) socket.resetAndDestroy()
    await pause(ms)
    this.#pulled = false
  }

  /** Resolves when there are so many connections, at the latest after `limit` milliseconds. */
  untilConnected(count: number, limit: number): Promise<void> {
    return new Promise((resolve) => {
      const end = () => {
        clearTimeout(timer)
        this.#watchers.delete(look)
        resolve()
      }
      const look = () => this.#connected >= count && end()
      const timer = setTimeout(end, limit)
      this.#watchers.add(look)
      look()
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  #onClient(client: net.Socket, target: number): void {
    if (this.#pulled) {
      client.on('error', () => {})
      return void client.resetAndDestroy()
    }
    const gateway = net.connect({ port: target, host: '127.0.0.1', noDelay: true })
    client.pipe(gateway).pipe(client)
    for (const [socket, other] of [
      [client, gateway],
      [gateway, client],
    ] as const) {
      this.#sockets.add(socket)
      socket.on('error', () => other.destroy())
      socket.on('close', () => this.#sockets.delete(socket))
    }
    gateway.on('connect', () => this.#count(1))
    gateway.on('close', () => this.#count(-1))
  }

  #count(by: 1 | -1): void {
    this.#connected += by
    for (const watcher of this.#watchers) watcher()
  }
}
