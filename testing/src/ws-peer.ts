import type { Socket } from 'node:net'
import type { WebSocket } from 'ws'
import { Changes } from './changes.ts'
import { failure, waitLimitMs } from './eventually.ts'

/** How a WebSocket ended, in the terms of a CloseEvent. */
export interface Closed {
  code: number
  reason: string
  /** A Close frame came. */
  wasClean: boolean
}

/** One end of a connection that `ws` handles; keeps what comes, for the waits. */
export class WsPeer implements AsyncDisposable {
  readonly socket: WebSocket
  /** Data messages in order: text as strings, binary as Buffers. */
  readonly messages: (string | Buffer)[] = []
  /** Payloads of the Pings that came; `ws` answers them itself. */
  readonly pings: Buffer[] = []
  readonly pongs: Buffer[] = []
  /** Resolves when the connection has ended, however it did. */
  readonly closed: Promise<Closed>
  readonly changes = new Changes()
  ending: Closed | undefined
  error: Error | undefined
  #taken = 0

  constructor(socket: WebSocket) {
    this.socket = socket
    const keep = <T>(list: T[], value: T) => {
      list.push(value)
      this.changes.notify()
    }
    socket.on('message', (data: Buffer, binary: boolean) => keep(this.messages, binary ? data : String(data)))
    socket.on('ping', (payload: Buffer) => keep(this.pings, payload))
    socket.on('pong', (payload: Buffer) => keep(this.pongs, payload))
    socket.on('error', (error) => {
      this.error = error
      this.changes.notify()
    })
    this.closed = new Promise((resolve) => {
      socket.on('close', (code, reason) => {
        // ws says 1006 when no Close frame came, and no Close frame can say it.
        this.ending = { code, reason: String(reason), wasClean: code !== 1006 }
        this.changes.notify()
        resolve(this.ending)
      })
    })
  }

  /** The TCP or TLS socket below. */
  get tcp(): Socket {
    // biome-ignore lint/suspicious/noExplicitAny: ws has no public way to its socket
    return (this.socket as any)._socket
  }

  send(data: string | Uint8Array): void {
    this.socket.send(data)
  }

  close(code?: number, reason?: string): void {
    this.socket.close(code, reason)
  }

  /** Ends the connection with a RST. */
  reset(): void {
    this.tcp.resetAndDestroy()
  }

  /** The next message that no earlier call has returned; fails when the connection has ended without one. */
  async message(limit = waitLimitMs): Promise<string | Buffer> {
    const got = () => {
      if (this.messages.length > this.#taken) return true
      if (this.ending) throw new Error(failure('a message', limit, () => this.ending))
      return false
    }
    await this.changes.until('a message', got, { limit })
    return this.messages[this.#taken++]!
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.ending) return
    this.socket.terminate()
    await this.closed
  }
}
