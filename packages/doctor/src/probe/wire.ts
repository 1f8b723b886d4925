import type net from 'node:net'
import { until } from './limit.ts'

/** How the other side ended its bytes; a reset says what the system or TLS called it. */
export type Ending = { is: 'end' } | { is: 'reset'; code: string }

const wakers = ['readable', 'end', 'error', 'close'] as const

/** A connected socket that is read when it is asked: what is not read stays in the kernel. */
export class Wire {
  readonly socket: net.Socket
  #ending: Ending | undefined
  #kept: Buffer | undefined

  constructor(socket: net.Socket) {
    this.socket = socket
    socket.on('error', ({ code = 'unknown' }: NodeJS.ErrnoException) => this.#end({ is: 'reset', code }))
    socket.on('end', () => this.#end({ is: 'end' }))
    socket.on('close', () => this.#end({ is: 'end' }))
  }

  #end(ending: Ending): void {
    this.#ending ??= ending
  }

  /** The next bytes, or how they ended; undefined when the signal fires before. */
  async read(signal: AbortSignal): Promise<Buffer | Ending | undefined> {
    while (!signal.aborted) {
      const bytes = this.#take()
      if (bytes) return bytes
      if (this.#ending) return this.#ending
      await until(signal, (wake) => {
        for (const event of wakers) this.socket.on(event, wake)
        return () => {
          for (const event of wakers) this.socket.off(event, wake)
        }
      })
    }
    return undefined
  }

  #take(): Buffer | null {
    const kept = this.#kept
    this.#kept = undefined
    return kept ?? (this.socket.read() as Buffer | null)
  }

  /** Puts bytes back, to be read first. */
  unread(bytes: Buffer): void {
    if (bytes.length > 0) this.#kept = bytes
  }

  write(bytes: string | Uint8Array): void {
    if (this.socket.writable) this.socket.write(bytes)
  }

  destroy(): void {
    this.socket.destroy()
  }
}
